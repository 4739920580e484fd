"""What the agent says, on its way to ``output.log`` (features F5).

Never raises and never waits: a full disk must neither end the wrapper nor block the agent, whose
pipe would fill up. What cannot be written is dropped, counted, and a line says so where it is missing.
"""

from __future__ import annotations

from tinyscheduler.wrapper.lines import LineStamper
from tinyscheduler.wrapper.redact import Redactor
from tinyscheduler.wrapper.rotation import RotatingFile


class Capture:
    """The output of one agent: lines on one side, files on the other, and an account of what is lost.

    ``stamp`` is the time as text, of the arrival of what is given.
    """

    __slots__ = ("_file", "_lines", "_missing_bytes", "_missing_why", "dropped_bytes")

    def __init__(self, path: str, redactor: Redactor, *, bytes_max: int, files_max: int) -> None:
        self._lines = LineStamper(redactor)
        self._file = RotatingFile(path, bytes_max=bytes_max, files_max=files_max)
        self._missing_bytes = 0
        """Dropped since the last byte that reached the disk."""
        self._missing_why = ""
        self.dropped_bytes = 0
        """All that could not be written, for the whole run."""

    @property
    def has_pending(self) -> bool:
        """Part of a line waits for its end."""
        return self._lines.has_pending

    def feed(self, data: bytes, *, stamp: str) -> None:
        """Take what the agent wrote."""
        self._write(self._lines.feed(data, stamp=stamp), stamp)

    def flush(self, *, stamp: str) -> None:
        """Show an unfinished line: a question to nobody, a progress bar."""
        self._write(self._lines.flush(stamp=stamp), stamp)

    def close(self, *, stamp: str) -> None:
        """Write the rest and let go of the file."""
        self._write(self._lines.close(stamp=stamp), stamp)
        self._file.close()

    def _write(self, text: str, stamp: str) -> None:
        if not text:
            return
        data = text.encode("utf-8", "replace")
        # A disk that cannot take the account of what is missing gets nothing else.
        left = self._put(data) if self._tell(stamp) else len(data)
        self._missing_bytes += left
        self.dropped_bytes += left

    def _tell(self, stamp: str) -> bool:
        """Write what is to be told about lost output. False: it could not be written either."""
        removed_bytes = self._file.removed_bytes
        notice = self._notice(removed_bytes)
        if not notice:
            return True
        head = "" if self._file.is_at_line_start else "\n"
        if self._put(f"{head}{stamp} [tinyscheduler] {notice}\n".encode()):
            return False
        self._missing_bytes = 0
        self._file.removed_bytes -= removed_bytes
        return True

    def _notice(self, removed_bytes: int) -> str:
        parts = []
        if self._missing_bytes:
            parts.append(f"{self._missing_bytes} bytes of output are missing here: {self._missing_why}")
        if removed_bytes:
            parts.append(f"{removed_bytes} bytes of the oldest output were removed: size limit")
        return "; ".join(parts)

    def _put(self, data: bytes) -> int:
        """How many bytes did not reach the disk."""
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._missing_why = error.strerror or str(error)
            self._file.close()
        return len(left)
