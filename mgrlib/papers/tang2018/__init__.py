"""Tang et al. (2018): LSTMs for six genres, and a tree of them for ten."""
