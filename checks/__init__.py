"""What `make test` and `make proof` ask of chapters, prose, links and built pages."""
