"""Rules: what a segment's text means, and who it means.

`read` turns texts into rules or problems; `table` computes a row a person with a column a segment; `why` explains one.
"""

from segsync.rules.catalogue import FUNCTIONS, Function, Kind, Parameter, Trait, catalogue
from segsync.rules.compile import table
from segsync.rules.dates import AsOf
from segsync.rules.problems import RuleProblem
from segsync.rules.reach import reach
from segsync.rules.read import Reading, Rule, levels, read, streams_read, unfilled
from segsync.rules.why import Why, why

__all__ = [
    "FUNCTIONS",
    "AsOf",
    "Function",
    "Kind",
    "Parameter",
    "Reading",
    "Rule",
    "RuleProblem",
    "Trait",
    "Why",
    "catalogue",
    "levels",
    "reach",
    "read",
    "streams_read",
    "table",
    "unfilled",
    "why",
]
