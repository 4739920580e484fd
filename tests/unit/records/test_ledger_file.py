"""A ledger that an older version wrote is read as it was meant (features C4: no upgrade releases a task)."""

from __future__ import annotations

from tests.builders import NOW, a_ledger, a_past_run, a_task, an_open_run, parked_as
from tinyscheduler.adapters.records.ledger_json import ledger_from_json, ledger_to_json
from tinyscheduler.model.ids import LeaseId

FULL = a_ledger(
    outcomes=[a_past_run("failed")._replace(result_hash="a/b")],
    open_run=an_open_run()._replace(content="5.0000"),
    not_before=NOW,
    parked=parked_as(a_task()),
)._replace(counted_after=LeaseId("old"), is_tagged=True)


def test_every_field_is_read_back() -> None:
    assert ledger_from_json(ledger_to_json(FULL)) == FULL


def test_fields_that_are_newer_than_the_file_have_their_defaults() -> None:
    older = ledger_to_json(FULL)
    del older["counted_after"], older["is_tagged"]
    opened = older["open"]
    assert isinstance(opened, dict)
    del opened["content"]

    found = ledger_from_json(older)

    assert found.parked == FULL.parked
    assert (found.counted_after, found.is_tagged) == (None, False)
    assert found.open is not None
    assert found.open.content == ""
