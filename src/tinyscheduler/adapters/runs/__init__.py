"""Run folders: what a wrapper is given and what it and its agent leave behind (design 5)."""

from tinyscheduler.adapters.runs.order_file import read_order
from tinyscheduler.adapters.runs.store import RunFolderStore

__all__ = ["RunFolderStore", "read_order"]
