"""The token that clients on other machines show: one line in a file that nobody else can read."""

from __future__ import annotations

import os
import stat
from typing import Final

from tinyscheduler.errors import UsageError
from tinyscheduler.kit import files

LENGTH_MIN: Final = 16
"""Characters; shorter ones can be guessed at a few hundred tries a second."""
LENGTH_MAX: Final = 512
_HINT: Final = "umask 077; python3 -c 'import secrets; print(secrets.token_urlsafe(32))' > FILE"


def read_token(path: str) -> str:
    """Raises UsageError for a file that is not there, that others can read, or that holds no token. What
    is in it is never said."""
    try:
        found = os.stat(path)
        data = files.read_limited(os.path.realpath(path), 2 * LENGTH_MAX)
    except OSError as error:
        raise _refused(path, f"it cannot be read: {(error.strerror or str(error)).lower()}") from error
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise _refused(path, "others can read it", hint=f"chmod 600 {path}")
    token = data.decode("ascii", "replace").strip()
    if not LENGTH_MIN <= len(token) <= LENGTH_MAX or not all("!" <= c <= "~" for c in token):
        raise _refused(path, f"it does not hold one token of {LENGTH_MIN} to {LENGTH_MAX} visible characters")
    return token


def _refused(path: str, why: str, *, hint: str = _HINT) -> UsageError:
    return UsageError(f"serve --token-file {path}: {why}", hint=hint)
