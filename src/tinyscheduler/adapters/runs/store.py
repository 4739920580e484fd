"""``ports.RunFolders`` over ``state/runs/task_<id>/<attempt>/``.

Most passes start nothing and end nothing: what orders and results are made of is loaded when one is met.
"""

from __future__ import annotations

import errno
import os
from datetime import datetime
from typing import TYPE_CHECKING

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import is_name
from tinyscheduler.model.ids import TaskId

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files
    from tinyscheduler.model.lease import Outcome
    from tinyscheduler.model.order import Order
    from tinyscheduler.model.result import BadResult, Redact, RunResult

ORDER = "order.json"
PROMPT = "prompt.md"
RESULT = "result.json"
INBOX = "inbox.md"
INBOX_BYTES_MAX = 1_000_000
"""Agents read it whole."""

WRAPPER_LOG = "wrapper.log"
WRAPPER_LOG_BYTES_MAX = 1_000_000
"""A wrapper says some lines in its life."""
TRACEBACK = "Traceback (most recent call last):"
CRASH_CHARS_MAX = 300

_KNOWN = frozenset((ORDER, PROMPT, RESULT, "output.log", INBOX, WRAPPER_LOG, "lease.broken.json"))
"""What we or an agent that keeps to its contract put there. Anything else is somebody's work."""


class RunFolderStore:
    """All run folders below one path.

    ``redact`` takes secrets out of what an agent says about itself: the summary of a result goes
    into leases and comments (law 11).
    """

    def __init__(self, runs_path: str, *, redact: Redact, disk: Files = files) -> None:
        self._path = os.path.abspath(runs_path)
        self._redact = redact
        self._disk = disk

    def path_for(self, task_id: TaskId, attempt: int) -> str:
        """Raises StateError for an id that must not become part of a path (law 11)."""
        if not is_name(task_id) or attempt < 1:
            raise StateError(
                f"task {task_id!r:.80}, attempt {attempt} cannot have a run folder",
                hint="ids are up to 64 letters, digits, '_' or '-'; attempts count from 1",
            )
        return f"{self._path}/task_{task_id}/{attempt}"

    def prepare(self, order: Order, prompt: str) -> str:
        """The order last: a folder that has one is complete.

        Known files that are there already are removed, because an earlier attempt's agent may have
        written a result for a run to come. Raises StateError: the disk refuses, the order is unfit
        or lies elsewhere, or something that is not a folder has the folder's name.
        """
        from tinyscheduler.adapters.runs.order_file import first_fault, order_to_json

        folder = self._folder_of(order)
        fault = first_fault(order)
        if fault is not None:
            raise StateError(
                f"the order of task {order.task_id} is unfit: {fault}",
                hint=f"look at the command, folder and limits of agent {order.agent}",
            )
        path = f"{folder}/{ORDER}"
        try:
            self._make(folder)
            self._remove_known(folder)
            data = prompt.encode("utf-8", "replace")
            self._disk.replace(f"{folder}/{PROMPT}", data, sync_folder=False)
            self._disk.replace(path, json_text.dump(order_to_json(order)))
        except OSError as error:
            raise _state_error(folder, error) from error
        return path

    def order(self, task_id: TaskId, attempt: int) -> Order | None:
        """None: there is none, or it is not what a pass has written there."""
        from tinyscheduler.adapters.runs.order_file import read_order

        try:
            order = read_order(f"{self.path_for(task_id, attempt)}/{ORDER}")
        except StateError:
            return None
        return order if order.task_id == task_id else None

    def discard(self, task_id: TaskId, attempt: int) -> None:
        """A folder with unknown files in it stays, without the known ones. Raises StateError."""
        folder = self.path_for(task_id, attempt)
        try:
            if not self._is_folder(folder):
                return
            self._remove_known(folder)
            self._disk.remove_folder(folder)
            self._disk.remove_folder(os.path.dirname(folder))
        except OSError as error:
            raise _state_error(folder, error) from error

    def send(self, task_id: TaskId, attempt: int, text: str) -> None:
        """See the port."""
        folder = self.path_for(task_id, attempt)
        path = f"{folder}/{INBOX}"
        try:
            self._is_folder(folder)
            size = len(self._disk.read_limited(path, INBOX_BYTES_MAX)) if self._disk.exists(path) else 0
            if size + len(text.encode()) > INBOX_BYTES_MAX:
                raise StateError(
                    f"{path} has {size} bytes and would grow beyond {INBOX_BYTES_MAX}",
                    hint="the agent may empty it; a file in its workspace holds more",
                )
            self._disk.append(path, text.encode())
        except OSError as error:
            raise _state_error(path, error) from error

    def outcome(
        self, run_folder: str, agent_exit: int | None, now: datetime, *, workspace: str = ""
    ) -> Outcome | None:
        """None: there is no result, or none that counts. Raises StateError when the disk fails."""
        from tinyscheduler.model.result import RunResult, outcome_of

        found = self.result(f"{run_folder}/{RESULT}", redact=self._redact, workspace=workspace)
        return outcome_of(found, at=now, code=agent_exit) if isinstance(found, RunResult) else None

    def result(self, path: str, *, redact: Redact, workspace: str = "") -> RunResult | BadResult | None:
        """One result file, for the wrapper, which knows its agent's secrets. Raises StateError."""
        from tinyscheduler.adapters.runs.result_file import read_result

        return read_result(path, redact=redact, workspace=workspace, disk=self._disk)

    def crash(self, run_folder: str) -> str:
        """The last line of the traceback that a wrapper has left in its log."""
        try:
            text = self._disk.read_limited(f"{run_folder}/{WRAPPER_LOG}", WRAPPER_LOG_BYTES_MAX)
        except (OSError, ValueError):
            # Not there, or not what a wrapper writes.
            return ""
        from tinyscheduler.model.result import one_line

        _, mark, traceback = text.decode("utf-8", "replace").rpartition(TRACEBACK)
        last = traceback.strip().rpartition("\n")[2] if mark else ""
        return one_line(self._redact(last), chars_max=CRASH_CHARS_MAX)

    def _folder_of(self, order: Order) -> str:
        folder, _, name = order.prompt_file.rpartition("/")
        attempt = folder.rpartition("/")[2]
        is_number = attempt.isascii() and attempt.isdigit() and len(attempt) < 10
        if name != PROMPT or not is_number or self.path_for(order.task_id, int(attempt)) != folder:
            raise StateError(
                f"{order.prompt_file!r:.200} is not in a run folder of task {order.task_id}",
                hint="a bug: tell us",
            )
        return folder

    def _make(self, folder: str) -> None:
        """Each level on its own, so that a symbolic link is met as the last part of a path."""
        if not self._disk.is_folder(self._path):
            self._disk.make_folder(self._path)
        self._disk.make_folder(os.path.dirname(folder))
        self._disk.make_folder(folder)

    def _is_folder(self, folder: str) -> bool:
        """False: nothing is there. Raises NotADirectoryError for a link to one, at either level."""
        for path in (os.path.dirname(folder), folder):
            if self._disk.is_link(path):
                raise NotADirectoryError(errno.ENOTDIR, "it is a symbolic link", path)
            if not self._disk.exists(path):
                return False
        return True

    def _remove_known(self, folder: str) -> None:
        for name in self._disk.names(folder):
            if _is_known(name):
                self._disk.remove(f"{folder}/{name}")


def _is_known(name: str) -> bool:
    is_rotated = name.startswith("output.log.") and name[11:].isdigit()
    is_litter = name.startswith(".") and name.endswith(".tmp")
    return name in _KNOWN or is_rotated or is_litter


def _state_error(folder: str, error: OSError) -> StateError:
    hint = "remove what is there" if error.errno == errno.ENOTDIR else "look at the disk and the folder"
    return StateError(f"{folder}: {error.strerror}", hint=hint)
