"""``state/sightings.json``: since when what is odd has been seen.

One file and not one per task: it is rewritten when something is seen first or goes away, which is
rare. Renamed into place without a sync, because a power cut costs no more than one grace; each part
is a section of its own, and what is in no section of ours is not kept.

Most passes neither read nor write it, so what it is made of is loaded when they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.adapters.records.trouble import parsed, state_error
from tinyscheduler.kit import files, json_text

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files
    from tinyscheduler.model.sightings import Sightings

FILE_BYTES_MAX = 4_000_000
"""Some 200 bytes for each task in flight; a file beyond it is not ours."""


class FileSightings:
    """``ports.SightingStore`` over one file, which need not exist."""

    def __init__(self, path: str, *, disk: Files = files) -> None:
        self._path = path
        self._disk = disk

    def read(self) -> Sightings:
        """See the port."""
        from tinyscheduler.adapters.records.sightings_json import sightings_from_json
        from tinyscheduler.model.sightings import NOTHING_SEEN, Sightings

        found = parsed(self._disk, self._path, sightings_from_json, limit=FILE_BYTES_MAX, is_synced=False)
        return Sightings(trouble=found) if isinstance(found, str) else found or NOTHING_SEEN

    def write(self, sightings: Sightings) -> None:
        """See the port."""
        from tinyscheduler.adapters.records.sightings_json import sightings_to_json
        from tinyscheduler.model.sightings import NOTHING_SEEN

        try:
            if sightings._replace(trouble="") == NOTHING_SEEN:
                self._disk.remove(self._path)
                return
            data = json_text.dump(sightings_to_json(sightings))
            self._disk.replace(self._path, data, sync_file=False, sync_folder=False)
        except OSError as error:
            raise state_error(self._path, error) from error
