"""The end of a file that grows, for whoever looks for what was written last.

Apart from ``files`` because no pass that has nothing to look for loads it.
"""

from __future__ import annotations

import os


def tail(path: str, bytes_max: int) -> bytes:
    """So much of it, from the middle of a line on where it is longer. Empty where it cannot be read: who asks
    looks for one thing, and has not found it."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - bytes_max))
            return file.read(bytes_max)
    except OSError:
        # Missing, or in a folder that others name as a problem.
        return b""
