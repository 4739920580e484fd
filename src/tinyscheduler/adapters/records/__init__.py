"""Leases and ledgers: our JSON records on disk (contracts.md, Files)."""

from tinyscheduler.adapters.records.leases import FileLeaseStore
from tinyscheduler.adapters.records.ledgers import FileLedgerStore

__all__ = ["FileLeaseStore", "FileLedgerStore"]
