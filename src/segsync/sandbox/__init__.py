"""Serving connectors' stand-ins for their platforms over real HTTP, with faults on demand."""

from segsync.sandbox.faults import Fault, fault_from_json
from segsync.sandbox.frame import Frame, Logged
from segsync.sandbox.serve import Server, serve

__all__ = ["Fault", "Frame", "Logged", "Server", "fault_from_json", "serve"]
