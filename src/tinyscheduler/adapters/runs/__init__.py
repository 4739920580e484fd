"""Run folders: what a wrapper is given and what it and its agent leave behind (design 5)."""

from tinyscheduler.adapters.runs.store import RunFolderStore

__all__ = ["RunFolderStore"]
