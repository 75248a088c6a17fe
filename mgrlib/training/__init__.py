"""Training in forty readable lines, with its settings and what came of it as values."""
