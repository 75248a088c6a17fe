"""How the site is built, and the Sphinx extensions that only this site needs."""
