"""``state/waiting.json``: since when what is odd has been seen.

One file and not one per task: it is rewritten when something is seen first or goes away, which is
rare. Renamed into place without a sync, because a power cut costs no more than one grace; each part
is a section of its own, and what is in no section of ours is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tinyscheduler.adapters.records.trouble import reason_of, state_error
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import Fields, exact_instant_text
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.sightings import NOTHING_SEEN, Moment, Sighting, Sightings

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files

SCHEMA = 1
FILE_BYTES_MAX = 4_000_000
"""Some 200 bytes for each task in flight; a file beyond it is not ours."""


class FileSightings:
    """``ports.SightingStore`` over one file, which need not exist."""

    def __init__(self, path: str, *, disk: Files = files) -> None:
        self._path = path
        self._disk = disk

    def read(self) -> Sightings:
        """See the port."""
        try:
            return _sightings(json_text.load(self._disk.read_limited(self._path, FILE_BYTES_MAX)))
        except FileNotFoundError:
            return NOTHING_SEEN
        except OSError as error:
            return Sightings(trouble=f"{self._path}: {reason_of(error)}")
        except ValueError as error:
            return Sightings(trouble=f"{self._path}: it does not parse: {error}")

    def write(self, sightings: Sightings) -> None:
        """See the port."""
        try:
            if sightings._replace(trouble="") == NOTHING_SEEN:
                self._disk.remove(self._path)
                return
            data = json_text.dump(_to_json(sightings))
            self._disk.replace(self._path, data, sync_file=False, sync_folder=False)
        except OSError as error:
            raise state_error(self._path, error) from error


def _to_json(sightings: Sightings) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "drift": _section_to_json(sightings.drift),
        "lost": _section_to_json(sightings.lost),
        "notices": dict(sightings.notices),
    }


def _section_to_json(section: Mapping[LeaseId, Sighting]) -> dict[str, object]:
    return {
        lease_id: {
            "since": exact_instant_text(sighting.since.at),
            "monotonic": sighting.since.monotonic,
            "boot_id": sighting.since.boot_id,
            "what": sighting.what,
        }
        for lease_id, sighting in section.items()
    }


def _sightings(found: object) -> Sightings:
    """Raises ValueError naming the first field that is wrong."""
    fields = Fields(found)
    schema = fields.whole("schema")
    if schema != SCHEMA:
        raise ValueError(f"it is of schema {schema}, this program knows {SCHEMA}")
    return Sightings(_section(fields, "drift"), _section(fields, "lost"), _notices(fields))


def _section(fields: Fields, name: str) -> Mapping[LeaseId, Sighting]:
    inner = fields.inner_or_none(name)
    return {} if inner is None else {LeaseId(key): _sighting(inner.inner(key)) for key in inner.names()}


def _sighting(fields: Fields) -> Sighting:
    since = Moment(fields.instant("since"), fields.number("monotonic"), fields.text("boot_id"))
    return Sighting(since, fields.text("what"))


def _notices(fields: Fields) -> Mapping[LeaseId, int]:
    inner = fields.inner_or_none("notices")
    return {} if inner is None else {LeaseId(key): inner.whole(key) for key in inner.names()}
