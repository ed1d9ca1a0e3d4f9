"""The configuration: `segsync.toml`, an environment's file laid over it, and environment variables over both."""

from segsync.config.core import Guards, Identity, Shop, Store
from segsync.config.files import find
from segsync.config.loading import load
from segsync.config.values import Config, Section, Segment, Sync

__all__ = ["Config", "Guards", "Identity", "Section", "Segment", "Shop", "Store", "Sync", "find", "load"]
