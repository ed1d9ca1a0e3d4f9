"""The worlds of cli_fixtures.py, for the tests beside it."""

from cli_fixtures import clean_environment, mornings, pulled, pushed, world

__all__ = ["clean_environment", "mornings", "pulled", "pushed", "world"]
