"""segsync: a shop's own data in, audiences on the platforms where it markets out."""

__version__ = "0.1.0"
