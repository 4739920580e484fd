"""Take secrets out of text: the values we gave the agent, and what looks like a credential (F5).

The values are cut out wherever they stand. The patterns are a net for what the agent found itself;
a net has holes, so this is a second line of defence, the first being not to hand secrets out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "[redacted]"
SECRET_CHARS_MIN = 6
"""Shorter values ("true", "1", a port) are parts of ordinary words; cutting them out ruins the log."""
FRAGMENT_CHARS_MAX = 4_096
"""Long and many-lined values (keys) are cut out piece by piece, so that little must be held back."""

_WORDS = r"(?:passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token)"
_GAP = r"[^\S\n]"
"""A blank within a line: what stands in two lines may be read, and cleaned, one line at a time."""
_ASSIGNED = rf"{_WORDS}[\w-]{{0,20}}[\"']?{_GAP}{{0,3}}[=:]{_GAP}{{0,3}}[\"']?"
_BEGINNINGS = r"\b(?:sk-|gh[oprsu]_|github_pat_|glpat-|A[KS]IA|xox[abeoprs]-|eyJ)"

# Every repetition that can meet the next one is bounded: a line of 64 KiB must not cost a second.
_CREDENTIAL = "|".join(
    (
        rf"(?P<assigned>(?i:{_ASSIGNED}))[^\s\"']{{3,}}",
        rf"(?P<bearer>(?i:\bbearer{_GAP}{{1,3}}|\bbasic{_GAP}{{1,3}}(?=[\w+/=]{{16}})))[\w.~+/=-]{{8,}}",
        r"(?P<address>://[^\s/:@]{0,100}:)[^\s/@]{3,200}(?=@)",
        r"\bsk-[\w-]{16,}",
        r"\bgh[oprsu]_\w{20,}",
        r"\bgithub_pat_\w{20,}",
        r"\bglpat-[\w-]{16,}",
        r"\bA[KS]IA[0-9A-Z]{16}\b",
        r"\bxox[abeoprs]-[\w-]{10,}",
        # A start after a dash would be one within another: each would be read to the end of the line.
        r"(?<![\w-])eyJ[\w-]{10,4096}\.[\w-]{10,8192}\.[\w-]{5,}",
    )
)
_UNFINISHED = rf"(?:(?:(?i:{_ASSIGNED}|\b(?:bearer|basic){_GAP}{{1,3}})|{_BEGINNINGS})\S*|://[^\s/@]*)\Z"
"""The beginning of something that may turn out to be a credential when more text comes."""

_HINTS = (
    "pass", "secret", "key", "token", "bearer", "basic ", "://", "sk-", "gho_", "ghp_", "ghr_",
    "ghs_", "ghu_", "github_pat_", "glpat-", "akia", "asia", "xox", "eyj",
)  # fmt: skip
"""Lower case; without one of these no pattern can match. Looking for words is twenty times cheaper
than trying patterns, and most output has none."""


class Redactor:
    """Knows the secret values of one run. Patterns are compiled when text first needs them."""

    __slots__ = ("_credential", "_fragments", "_unfinished")

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {fragment for secret in secrets for fragment in _fragments(secret)}
        # Longest first: a value that contains another must go as a whole.
        self._fragments = tuple(sorted(found, key=lambda text: (-len(text), text)))
        self._credential: re.Pattern[str] | None = None
        self._unfinished: re.Pattern[str] | None = None

    def clean(self, text: str) -> str:
        """The text with every secret replaced."""
        for fragment in self._fragments:
            text = text.replace(fragment, MASK)
        lowered = text.lower()
        if not any(hint in lowered for hint in _HINTS):
            return text
        if self._credential is None:
            self._credential = re.compile(_CREDENTIAL)
        return self._credential.sub(_mask, text)

    def safe_length(self, text: str) -> int:
        """How much of the text can be shown now, although more will follow on the same line: the
        rest may be the first part of a secret."""
        held = max((_overlap(text, fragment) for fragment in self._fragments), default=0)
        start = max(0, len(text) - FRAGMENT_CHARS_MAX)
        if self._unfinished is None:
            self._unfinished = re.compile(_UNFINISHED)
        found = self._unfinished.search(text, start)
        return min(len(text) - held, len(text) if found is None else found.start())


def _fragments(secret: str) -> Iterable[str]:
    for line in secret.splitlines():
        for start in range(0, len(line), FRAGMENT_CHARS_MAX):
            fragment = line[start : start + FRAGMENT_CHARS_MAX].strip()
            if len(fragment) >= SECRET_CHARS_MIN:
                yield fragment


def _overlap(text: str, secret: str) -> int:
    """Length of the longest end of the text with which the secret begins."""
    for length in range(min(len(secret) - 1, len(text)), 0, -1):
        if text.endswith(secret[:length]):
            return length
    return 0


def _mask(match: re.Match[str]) -> str:
    """What tells the reader the kind of secret stays."""
    kept = match["assigned"] or match["bearer"] or match["address"] or ""
    return kept + MASK
