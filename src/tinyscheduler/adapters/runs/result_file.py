"""``result.json`` -> ``model.result``: at most 64 KiB, a regular file, JSON.

The agent writes it, so anything can be there: a link, a pipe that blocks its reader, half a file.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files, json_text
from tinyscheduler.model.result import (
    RESULT_BYTES_MAX,
    BadResult,
    IsInside,
    Redact,
    RunResult,
    is_plain,
    parse_result,
)

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files

_NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR)
_REASONS = {
    errno.EFBIG: f"it is larger than {RESULT_BYTES_MAX} bytes",
    errno.EINVAL: "it is not a regular file",
    errno.ELOOP: "it is a symbolic link",
    errno.ENXIO: "it is not a regular file",
    errno.EACCES: "it may not be read",
}
"""The agent's doing. Any other error is the disk's, and then nobody knows what the agent said."""


def read_result(
    path: str, *, redact: Redact, workspace: str, disk: Files = files
) -> RunResult | BadResult | None:
    """What the agent says, why that does not count, or None: it says nothing. Artifacts have to lie in
    ``workspace``; empty where nobody knows it.

    Raises StateError when the disk fails.
    """
    try:
        data = disk.read_limited(path, RESULT_BYTES_MAX)
    except OSError as error:
        return _why_unread(path, error)
    try:
        document = json_text.load(data)
    except ValueError as error:
        return BadResult(f"it is not JSON: {error}"[:200])
    return parse_result(document, redact=redact, is_inside=_inside(workspace) if workspace else is_plain)


def _inside(workspace: str) -> IsInside:
    top = os.path.realpath(workspace)

    def is_inside(path: str) -> bool:
        # Links are followed: one in the workspace may lead out of it.
        found = os.path.realpath(os.path.join(top, path))
        return found == top or found.startswith(f"{top.rstrip('/')}/")

    return is_inside


def _why_unread(path: str, error: OSError) -> BadResult | None:
    if error.errno in _NOTHING_THERE:
        return None
    if error.errno in _REASONS:
        return BadResult(_REASONS[error.errno])
    raise StateError(f"{path}: {error.strerror}", hint="look at the disk") from error
