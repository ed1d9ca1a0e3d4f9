"""A slow, plain reading of the rule language, made from its specification and from nothing of segsync.

`Judge` says of one person at a time whether a rule holds; the shop is plain values, grouped by person. It is here to be
compared with, so it prefers the obvious to the quick: it has its own parser, fractions instead of decimals, and sets.
"""

from reference.evaluation import Judge
from reference.parsing import NotARule, parse, parse_value
from reference.shop import Address, Checkout, Customer, Event, Line, Order, Person, Refund, Shop

__all__ = [
    "Address",
    "Checkout",
    "Customer",
    "Event",
    "Judge",
    "Line",
    "NotARule",
    "Order",
    "Person",
    "Refund",
    "Shop",
    "parse",
    "parse_value",
]
