"""Wei et al. (n.d.): pictures and fusion, segments, compression."""
