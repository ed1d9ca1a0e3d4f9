"""Who is in each segment now, and who came and went."""

from segsync.segments.compute import Size, compute, rename

__all__ = ["Size", "compute", "rename"]
