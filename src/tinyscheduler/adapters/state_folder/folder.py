"""The state folder behind its port: opened by a pass, asked by everybody.

What ``open`` does in several steps has a module for each step; this one holds their order.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tinyscheduler.adapters.state_folder import litter, signature, strangers
from tinyscheduler.errors import StateError
from tinyscheduler.kit import files, json_text

if TYPE_CHECKING:
    from datetime import datetime

SCRIPT_BYTES_MAX = 10_000
"""Ours are some lines of sh; whatever is longer is another text."""

ESTOP_BYTES_MAX, ESTOP_CHARS_MAX = 4_096, 300
"""A person may have written anything into it; status shows a line."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
"""An agent that fills the disk is a good reason for an emergency stop: it is one without words then."""

UNTOLD_FILE = "untold.jsonl"

NO_SCRIPTS: Mapping[str, str] = {}


class FileStateFolder:
    """One folder. ``folders`` are those that must exist before a pass writes; ``scripts`` are texts by
    their path below ``root``, for agents to call."""

    def __init__(
        self,
        root: str,
        *,
        running: str,
        format_file: str,
        estop_file: str,
        logs: str,
        folders: Sequence[str],
        scripts: Mapping[str, str] = NO_SCRIPTS,
    ) -> None:
        self._root = root
        self._running = running
        self._format_file = format_file
        self._estop_file = estop_file
        self._logs = logs
        self._folders = folders
        self._scripts = scripts
        self._notices: list[str] = []
        self._state_id = ""

    def check_entry(self) -> None:
        """See the port."""
        strangers.refuse_entry(self._root)

    def state_id(self) -> str:
        """See the port. Creates nothing."""
        if not self._state_id:
            self.check_entry()
            found = signature.read(self._format_file)
            if found is None:
                # Nor may anybody say what a pass would do that is going to refuse.
                self._refuse_leases_of_nobody()
            elif signature.is_of(found, self._root):
                self._state_id = found.state_id
        return self._state_id

    def open(self) -> str:
        """See the port. Cheap when there is nothing to do: one file read, a few listings, and a look at
        each of our names."""
        try:
            self._notices.extend(strangers.refuse(self._root, self._folders))
            for folder in (self._root, *self._folders):
                if not os.path.isdir(folder):
                    files.make_folder(folder)
            self._state_id = self._identify()
            self._notices.extend(litter.sweep(self._root, self._running))
            self._provide_scripts()
        except OSError as error:
            raise StateError(
                f"the state folder {self._root} cannot be used: {_what(error)}",
                hint=_remedy(error, "make it writable for this user, or name another with --base-path"),
            ) from error
        return self._state_id

    def notices(self) -> Sequence[str]:
        """What ``open`` did that a person should know."""
        return tuple(self._notices)

    def is_estopped(self) -> bool:
        """Whatever it is and whoever put it there: an emergency stop asks no questions."""
        return os.path.lexists(self._estop_file)

    def estop(self, text: str) -> bool:
        """See the port."""
        try:
            files.make_folder(os.path.dirname(self._estop_file))
            try:
                return files.create_exclusive(self._estop_file, text.encode())
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
            return files.create_empty(self._estop_file)
        except OSError as error:
            raise self._estop_error(error) from error

    def estop_note(self) -> str:
        """See the port."""
        from tinyscheduler.model.result import one_line

        try:
            text = files.read_limited(self._estop_file, ESTOP_BYTES_MAX).decode("utf-8", "replace")
        except OSError:
            # A folder, a link, something huge: it stops everything all the same.
            return ""
        return one_line(text.strip().partition("\n")[0], chars_max=ESTOP_CHARS_MAX)

    def end_estop(self) -> bool:
        """See the port."""
        try:
            return files.remove(self._estop_file)
        except OSError as error:
            raise self._estop_error(error) from error

    def free_mb(self) -> int | None:
        """Of the file system the state folder is on, for this user."""
        try:
            room = os.statvfs(self._root)
        except OSError:
            # Whoever needs the folder says what is wrong with it.
            return None
        return room.f_bavail * room.f_frsize // 1_000_000

    def obstacles(self, files: Sequence[str]) -> Sequence[tuple[str, str]]:
        """See the port."""
        from tinyscheduler.adapters.state_folder.obstacles import no_folders, obstacles

        folders = (self._running, *self._folders, f"{self._root}/passes", self._logs)
        own = (f"{self._root}/{name}" for name in strangers.OWN_FOLDERS)
        in_place = no_folders([self._root, *folders, *own])
        return (*self._refusals(), *in_place, *obstacles(self._root, folders, files))

    def _refusals(self) -> Iterator[tuple[str, str]]:
        """Why no pass would open the folder."""
        try:
            deque(strangers.refuse(self._root, self._folders), maxlen=0)
        except StateError as error:
            yield error.message, error.hint
        except OSError as error:
            yield _what(error), _remedy(error, "look at the disk and the folder")

    def make_workspace(self, path: str) -> None:
        """Create a folder for agents to work in, if missing."""
        if os.path.isdir(path):
            return
        try:
            files.make_folder(path)
        except OSError as error:
            raise StateError(
                f"the workspace {path} cannot be made: {error.strerror}",
                hint=_remedy(error, "create it, or name another in agent-control"),
            ) from error

    def record_pass(self, record: Mapping[str, object], *, log_line: str) -> None:
        """Not synced: the next pass writes another."""
        day = str(record["ended_at"])[:10].replace("-", "")
        passes = f"{self._root}/passes"
        try:
            files.make_folder(passes)
            files.make_folder(self._logs)
            files.replace(f"{passes}/last.json", json_text.dump(record), sync_file=False, sync_folder=False)
            files.append(f"{passes}/passes_{day}.jsonl", json_text.dump_line(record))
            files.append(f"{self._logs}/scheduler_{day}.log", f"{log_line}\n".encode())
        except OSError as error:
            raise StateError(
                f"the pass record cannot be written below {self._root}: {_what(error)}",
                hint=_remedy(error, "mend the folder; nothing else is lost"),
            ) from error

    def pass_times(self, now: datetime) -> Sequence[datetime]:
        """See the port."""
        from tinyscheduler.adapters.state_folder.lately import pass_times

        return pass_times(f"{self._root}/passes", now)

    def keep_untold(self, faults: Sequence[Mapping[str, object]]) -> None:
        """See the port. One write, so that two passes do not mix their lines."""
        path = f"{self._root}/passes/{UNTOLD_FILE}"
        try:
            files.append(path, b"".join(json_text.dump_line(fault) for fault in faults))
        except OSError as error:
            raise StateError(f"{path}: {_what(error)}", hint=_remedy(error, "mend the folder")) from error

    def take_untold(self) -> Sequence[Mapping[str, object]]:
        """See the port. Renamed first: what is added meanwhile is for the next one. It stays under that name
        until then, for whoever wants to see it again."""
        path = f"{self._root}/passes/{UNTOLD_FILE}"
        taken = f"{path}.told"
        try:
            os.rename(path, taken)
        except FileNotFoundError:
            return ()
        except OSError as error:
            if not os.path.isdir(os.path.dirname(path)):
                # What stands in the way of the folder is told by who writes there.
                return ()
            raise StateError(f"{path}: {_what(error)}", hint=_remedy(error, "mend the folder")) from error
        from tinyscheduler.adapters.state_folder.untold import read_untold

        return read_untold(taken)

    def _estop_error(self, error: OSError) -> StateError:
        hint = _remedy(error, "look at it; whatever has this name stops everything")
        return StateError(f"{self._estop_file}: {_what(error)}", hint=hint)

    def _identify(self) -> str:
        found = signature.read(self._format_file)
        if found is None:
            self._refuse_leases_of_nobody()
            self._close_to_others()
        elif signature.is_of(found, self._root):
            return found.state_id
        else:
            from tinyscheduler.adapters.state_folder import copied

            self._notices.extend(copied.set_leases_aside(self._root, self._running, found.state_id))
        return signature.write(self._format_file, self._root)

    def _close_to_others(self) -> None:
        """At the first pass: a folder that git has made is open to everybody. What its owner makes of it
        later stays."""
        if os.stat(self._root).st_uid == os.geteuid():
            os.chmod(self._root, 0o700)

    def _refuse_leases_of_nobody(self) -> None:
        """The folder is signed before its first lease, so its signature was removed by hand. With a new
        one the processes of these leases would not be found by their tag any more."""
        if os.path.isdir(self._running) and signature.lease_files(self._running):
            raise StateError(
                f"{self._format_file} is missing although there are leases in {self._running}",
                hint="restore it from a backup, or end the agents and remove their leases",
            )

    def _provide_scripts(self) -> None:
        """Executable files, each written only when it says something else."""
        for name, text in self._scripts.items():
            path, content = f"{self._root}/{name}", text.encode()
            try:
                if os.path.exists(path) and files.read_limited(path, SCRIPT_BYTES_MAX) == content:
                    continue
                files.make_folder(os.path.dirname(path))
                files.replace(path, content, sync_file=False, sync_folder=False, mode=files.FOLDER_MODE)
            except OSError as error:
                # Agents miss a convenience; what runs has still to be looked after.
                self._notices.append(f"{path} cannot be written: {error.strerror}")


def _what(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def _remedy(error: OSError, otherwise: str) -> str:
    from tinyscheduler.kit.disk_words import remedy

    return remedy(error, otherwise)
