"""Wei et al. (n.d.): pictures, sequences and segments, and networks made smaller."""
