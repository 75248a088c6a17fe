"""Reddy et al. (n.d.): both networks, transfer learning, whole songs, unequal classes.

The paper follows a report of Jiménez and José (2016) section by section, and that one builds on
the networks of Choi et al. (2016, 2017). All three are meant where a recipe says "the paper".
"""
