"""Keeps Snapshots and Artifacts: bytes in folders, rows in SQLite, published atomically, evicted when room runs short."""

from omnic_stream.store.store import DiskStore, open_store
from omnic_stream.store.upkeep import StoreStats, Swept

__all__ = ["DiskStore", "StoreStats", "Swept", "open_store"]
