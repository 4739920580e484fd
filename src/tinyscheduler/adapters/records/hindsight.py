"""``ports.Hindsight``: the last pass record, and the ledgers of tasks that are not running."""

from __future__ import annotations

import os
from collections.abc import Collection

from tinyscheduler.adapters.records.ledgers import LEDGER_BYTES_MAX, FileLedgerStore
from tinyscheduler.adapters.records.trouble import reason_of
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import Fields, name_between
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.past_pass import BrokenRecord, ParkedTask, PastFault, PastPass, Shelf

RECORD_BYTES_MAX = 1_000_000
"""A record has 20 ids of a kind at most and is a few KB."""

_NOT_PARKED = b'\n "parked": null,\n'
"""As ``ledger_json`` writes it. A busy house has thousands of ledgers of finished tasks; those that
show this at once are not parsed. One that was damaged elsewhere is found when its task is planned."""


class FileHindsight:
    """Two folders; what is not there is nothing."""

    def __init__(self, passes_folder: str, ledger_folder: str) -> None:
        self._record = f"{passes_folder}/last.json"
        self._ledgers = ledger_folder

    def last_pass(self) -> PastPass | BrokenRecord | None:
        """See the port."""
        try:
            return _past_pass(json_text.load(files.read_limited(self._record, RECORD_BYTES_MAX)))
        except FileNotFoundError:
            return None
        except OSError as error:
            return BrokenRecord(self._record, reason_of(error))
        except ValueError as error:
            return BrokenRecord(self._record, f"it does not parse: {error}")

    def shelf(self, but: Collection[TaskId]) -> Shelf:
        """See the port."""
        try:
            names = os.listdir(self._ledgers)
        except FileNotFoundError:
            return Shelf()
        except OSError as error:
            return Shelf(broken=(BrokenLedger(TaskId("*"), self._ledgers, reason_of(error)),))
        found = (task for name in names if (task := name_between("task_", name, ".json")))
        return self._shelf([TaskId(name) for name in found if self._is_of_note(name)], but)

    def _is_of_note(self, name: str) -> bool:
        """Parked, or not readable at first sight."""
        try:
            data = files.read_limited(f"{self._ledgers}/task_{name}.json", LEDGER_BYTES_MAX)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return not (data.startswith(b"{\n") and data.endswith(b"}\n") and _NOT_PARKED in data)

    def _shelf(self, task_ids: list[TaskId], but: Collection[TaskId]) -> Shelf:
        ledgers = FileLedgerStore(self._ledgers).read(task_ids)
        parked, broken = [], []
        for task_id in sorted(ledgers, key=lambda task_id: (len(task_id), task_id)):
            ledger = ledgers[task_id]
            if not isinstance(ledger, Ledger):
                broken.append(ledger)
            elif ledger.parked is not None and task_id not in but:
                parked.append(ParkedTask(task_id, ledger.parked))
        return Shelf(tuple(parked), tuple(broken))


def _past_pass(found: object) -> PastPass:
    """Raises ValueError naming the first field that is wrong."""
    fields = Fields(found)
    return PastPass(
        pass_id=fields.text("pass"),
        began_at=fields.instant("began_at"),
        ended_at=fields.instant("ended_at"),
        duration_s=fields.number("duration_sec"),
        exit_code=fields.whole("exit"),
        counts=_counts(fields.raw("counts")),
        limits=fields.texts("limits"),
        faults=fields.each("faults", _past_fault),
        settings_rejected=fields.text_or_none("settings_rejected") or "",
        interval_s=fields.seconds_or_none("interval_sec"),
    )


def _past_fault(fields: Fields) -> PastFault:
    return PastFault(fields.text("ref"), fields.text("message"), fields.text("hint"))


def _counts(found: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(found, dict):
        return ()
    return tuple((str(name), count) for name, count in found.items() if isinstance(count, int))
