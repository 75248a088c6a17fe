"""Minhas et al. (2019): dense networks on features, and noise."""
