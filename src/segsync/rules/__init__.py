"""Rules: what a segment's text means, and who it means.

`read` turns texts into rules or problems; `table` computes a row a person with a column a segment; `why` explains one.
"""

from segsync.rules.catalogue import FUNCTIONS, Function, Kind, Parameter, Trait, catalogue
from segsync.rules.compile import table
from segsync.rules.dates import AsOf
from segsync.rules.layout import fmt
from segsync.rules.names import Own
from segsync.rules.problems import RuleProblem
from segsync.rules.reach import reach
from segsync.rules.read import Reading, Rule, levels, read, streams_read, unfilled
from segsync.rules.why import Record, Why, why

__all__ = [
    "FUNCTIONS",
    "AsOf",
    "Function",
    "Kind",
    "Own",
    "Parameter",
    "Reading",
    "Record",
    "Rule",
    "RuleProblem",
    "Trait",
    "Why",
    "catalogue",
    "fmt",
    "levels",
    "reach",
    "read",
    "streams_read",
    "table",
    "unfilled",
    "why",
]
