"""Figures: each draws on the `ax` it is given and returns it."""
