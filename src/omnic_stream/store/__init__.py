"""Keeps Snapshots and Artifacts: bytes in folders, rows in SQLite, published atomically, evicted when room runs short."""

from omnic_stream.store.store import DiskStore, StoreStats, Swept, open_store

__all__ = ["DiskStore", "StoreStats", "Swept", "open_store"]
