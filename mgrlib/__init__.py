"""mgrlib: the companion package of a course on music genre recognition.

Importing it does nothing but name its version; import what you need from the subpackages.
"""

__version__ = "0.2.0"
