"""TinyScheduler: a file-backed reconciler for coding agents on one machine.

The rooms and who may enter which are drawn in ``docs/architecture.md``; import-linter holds the
walls. Nothing happens at import anywhere in this package: a pass is a new process every minute.
"""

__version__ = "0.1.0"
