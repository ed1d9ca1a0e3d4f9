"""What connectors are held to, and what their tests may lean on: the two contract suites, a clock, a reference.

A connector's author subclasses DestinationContract or SourceContract, supplies the hooks, and lets pytest collect
it. A suite is taken whole: a test is left out only where the spec does not declare what it is about.
"""

from __future__ import annotations

from segsync.testing.destination import DestinationContract
from segsync.testing.fake_time import FakeTime
from segsync.testing.jobs import MemoryJobs
from segsync.testing.memory import MemoryDestination, MemoryPlatform, memory_spec
from segsync.testing.source import SourceContract

__all__ = [
    "DestinationContract",
    "FakeTime",
    "MemoryDestination",
    "MemoryJobs",
    "MemoryPlatform",
    "SourceContract",
    "memory_spec",
]
