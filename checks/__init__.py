"""Checks of chapters, prose, links and built pages, for `make test` and `make proof`."""
