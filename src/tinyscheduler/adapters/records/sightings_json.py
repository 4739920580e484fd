"""Sightings <-> JSON, loaded only by a pass that has leases to look after."""

from __future__ import annotations

from collections.abc import Mapping

from tinyscheduler.kit.fields import Fields, exact_instant_text
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.sightings import Moment, Sighting, Sightings

SCHEMA = 1


def sightings_to_json(sightings: Sightings) -> dict[str, object]:
    """A section for each kind."""
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


def sightings_from_json(found: object) -> Sightings:
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
