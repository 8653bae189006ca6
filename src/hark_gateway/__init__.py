"""The embedded real-time server."""

from importlib.metadata import version

__version__ = version("django-hark")
