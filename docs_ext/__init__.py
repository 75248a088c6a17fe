"""The build of the site, and its Sphinx extensions."""
