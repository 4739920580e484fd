"""Bytes as an agent writes them -> whole lines, redacted, each with its time. Pure but for its state.

Kept apart from the files it goes to: secrets split over two reads, half characters and endless lines
are told apart here, without a disk.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from tinyscheduler.wrapper.redact import Redactor

LINE_CHARS_MAX = 65_536
"""A longer line is cut in pieces: whoever reads the log reads it by lines."""


class LineStamper:
    """One stream of output. Stamps are given from outside: a time as text, without blanks."""

    __slots__ = ("_decoder", "_is_open", "_pending", "_redactor")

    def __init__(self, redactor: Redactor) -> None:
        # A byte that is no UTF-8 becomes U+FFFD; half a character waits for its other half.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._redactor = redactor
        self._pending = ""
        self._is_open = False
        """The last text given out had no newline yet."""

    @property
    def has_pending(self) -> bool:
        """Something was fed that ``flush`` could give out."""
        return bool(self._pending)

    def feed(self, data: bytes, *, stamp: str) -> str:
        """The lines that are complete now; empty when none is."""
        self._pending += self._decoder.decode(data)
        end = self._pending.rfind("\n") + 1
        whole, self._pending = self._pending[:end], self._pending[end:]
        if len(self._pending) <= LINE_CHARS_MAX:
            return self._stamped(whole, stamp)
        return self._stamped(whole, stamp) + self._piece(stamp)

    def flush(self, *, stamp: str) -> str:
        """What can be shown of an unfinished line; the rest stays, if it may begin a secret."""
        safe = self._redactor.safe_length(self._pending)
        shown, self._pending = self._pending[:safe], self._pending[safe:]
        return self._stamped(shown, stamp)

    def close(self, *, stamp: str) -> str:
        """The rest, with the newline it lacked."""
        self._pending += self._decoder.decode(b"", final=True)
        rest, self._pending = self._pending, ""
        if not rest and not self._is_open:
            return ""
        return self._stamped(rest + "\n", stamp)

    def _piece(self, stamp: str) -> str:
        """Cut an unfinished line that has become too long."""
        safe = self._redactor.safe_length(self._pending)
        piece, self._pending = self._pending[:safe], self._pending[safe:]
        return self._stamped(piece + "\n", stamp)

    def _stamped(self, text: str, stamp: str) -> str:
        if not text:
            return ""
        clean = self._redactor.clean(text)
        body, ending = (clean[:-1], "\n") if clean.endswith("\n") else (clean, "")
        if len(body) > LINE_CHARS_MAX:
            body = "\n".join(_cut(body))
        head = "" if self._is_open else f"{stamp} "
        self._is_open = not ending
        return head + body.replace("\n", f"\n{stamp} ") + ending


def _cut(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        for start in range(0, max(1, len(line)), LINE_CHARS_MAX):
            yield line[start : start + LINE_CHARS_MAX]
