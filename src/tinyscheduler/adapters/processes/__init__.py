"""The process table of this machine, read from /proc and signalled through pidfds."""

from tinyscheduler.adapters.processes.table import ProcessTable

__all__ = ["ProcessTable"]
