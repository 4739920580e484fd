"""Half a surrogate pair in JSON: a text that a program in JavaScript has cut in the middle of an emoji.

JSON may say it and UTF-8 may not, so our parser refuses the whole request; the public server takes it.
Whoever refuses a report because of one odd character loses the report.
"""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\.",
    re.DOTALL,
)
"""A pair, a half, or any other escape: an escaped backslash before ``ud83d`` is none of this."""
_HALF_CHARS: Final = len(rb"\ud83d")


def mended(body: bytes) -> bytes:
    """With a question mark for each half. Whatever else is wrong with it stays."""
    if b"\\ud" not in body and b"\\uD" not in body:
        return body
    return _ESCAPE.sub(lambda found: b"?" if len(found[0]) == _HALF_CHARS else found[0], body)
