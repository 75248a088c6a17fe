"""Reddy et al. (n.d.): two networks, transfer learning, whole songs, unequal classes."""
