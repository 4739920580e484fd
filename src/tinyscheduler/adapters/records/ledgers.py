"""``ports.LedgerStore`` over files: one per task that has run or is parked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tinyscheduler.adapters.records import ledger_json as codec
from tinyscheduler.adapters.records.trouble import reason_of, state_error
from tinyscheduler.errors import StateError
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import is_name, name_between
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import BrokenLedger, Ledger

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files

LEDGER_BYTES_MAX = 1_000_000
"""200 outcomes are 40 KB."""

FEW = 50
"""So many files are tried one by one: cheaper than a listing where thousands of tasks have run."""


class FileLedgerStore:
    """One folder of ledgers. Missing folder = no ledgers, until one is written."""

    def __init__(self, folder: str, *, disk: Files = files) -> None:
        self._folder = folder
        self._disk = disk

    def read(self, task_ids: Iterable[TaskId]) -> Mapping[TaskId, Ledger | BrokenLedger]:
        """Those that exist. Of many, one listing and then only the files that are there: most tasks have
        none."""
        wanted = tuple(dict.fromkeys(task_ids))
        if len(wanted) > FEW:
            existing = self._existing()
            wanted = tuple(task_id for task_id in wanted if task_id in existing)
        found = ((task_id, self._read_one(task_id)) for task_id in wanted if is_name(task_id))
        return {task_id: ledger for task_id, ledger in found if ledger is not None}

    def write(self, ledger: Ledger, *, is_durable: bool = True) -> None:
        """The file is synced in any case: what may be undone is its name. Raises StateError."""
        path = self._path(ledger.task_id)
        data = json_text.dump(codec.ledger_to_json(ledger))
        try:
            try:
                self._disk.replace(path, data, sync_folder=is_durable)
            except FileNotFoundError:
                self._disk.make_folder(self._folder)
                self._disk.replace(path, data, sync_folder=is_durable)
        except OSError as error:
            raise state_error(path, error) from error

    def sync(self) -> None:
        """One sync of the folder, for whatever was written in it. Raises StateError."""
        try:
            self._disk.sync_parent(f"{self._folder}/")
        except OSError as error:
            raise state_error(self._folder, error) from error

    def _existing(self) -> frozenset[TaskId]:
        try:
            names = self._disk.names(self._folder)
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            raise state_error(self._folder, error) from error
        found = (name_between("task_", name, ".json") for name in names)
        return frozenset(TaskId(name) for name in found if name)

    def _read_one(self, task_id: TaskId) -> Ledger | BrokenLedger | None:
        """None: there is none. Raises StateError when there is no looking into the folder."""
        path = self._path(task_id)
        try:
            ledger = codec.ledger_from_json(json_text.load(self._disk.read_limited(path, LEDGER_BYTES_MAX)))
        except FileNotFoundError:
            return None
        except NotADirectoryError as error:
            raise state_error(self._folder, error) from error
        except OSError as error:
            return BrokenLedger(task_id, path, reason_of(error))
        except ValueError as error:
            return BrokenLedger(task_id, path, f"it does not parse: {error}")
        if ledger.task_id != task_id:
            return BrokenLedger(task_id, path, f"it says it is for task {ledger.task_id}")
        return ledger

    def _path(self, task_id: TaskId) -> str:
        # Law 11: an id is never a path before it is checked.
        if not is_name(task_id):
            raise StateError(
                f"{task_id!r:.80} cannot be the id of a task",
                hint="ids are up to 64 letters, digits, '_' or '-'",
            )
        return f"{self._folder}/task_{task_id}.json"
