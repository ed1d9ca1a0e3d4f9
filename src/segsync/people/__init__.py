"""People: customers of all sources joined into persons, and the best of what is known of each."""

from segsync.people.accounts import Account, Known, Node, account, person_of
from segsync.people.describing import describe
from segsync.people.joining import Joining, Oversized, resolve

__all__ = ["Account", "Joining", "Known", "Node", "Oversized", "account", "describe", "person_of", "resolve"]
