"""What becomes of the leases in a copy of a state folder. Imported only in a copy."""

from __future__ import annotations

from collections.abc import Iterator

from tinyscheduler.adapters.state_folder.signature import lease_files
from tinyscheduler.errors import StateError
from tinyscheduler.kit import files


def set_leases_aside(root: str, running: str, original_id: str) -> Iterator[str]:
    """Move them to quarantine, since their processes are the original's; what a person should know.

    Before the copy gets its own id: a crash in between does it again, and finds nothing.
    Raises StateError: ``running`` is not in the copy.
    """
    if not running.startswith(f"{root}/"):
        raise StateError(
            f"{root} is a copy, and its leases in {running} are the original's",
            hint="give the copy a RUNNING_DIR of its own",
        )
    names = lease_files(running)
    if not names:
        return
    aside = f"{root}/quarantine/copied-from-{original_id}"
    files.make_folder(aside)
    for name in names:
        files.move(f"{running}/{name}", f"{aside}/{name}")
    files.sync_parent(f"{running}/x")
    files.sync_parent(f"{aside}/x")
    yield (
        f"this state folder is a copy: {len(names)} lease files of the original are set aside "
        f"in {aside}; its agents are not touched from here"
    )
