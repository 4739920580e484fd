"""``ports.StateFolder``: the state folder's identity, room and switches."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import Fields

FORMAT = 1
FORMAT_BYTES_MAX = 10_000
_STATE_ID = re.compile(r"[0-9a-f]{16}")
OWN_NAMES = (
    *("running", "runs", "ledger", "journal", "passes", "logs", "cache", "intents", "quarantine", "bin"),
    *("format.json", "tinyscheduler.lock", "poke", "waiting.json", "breakers.json", "accounts.json"),
)
"""What a pass writes to below the root. Not ESTOP, which may be anything; not the workspaces, which are the
agents' and may lie on another disk; not the task store, which looks after itself."""
REPLACED_IN = ("ledger", "passes", "cache", "bin", "intents", "quarantine")
"""Where temp files of dead writers may lie, besides the root and the leases."""
_TEMPORARY = re.compile(r"\..+\.(\d+)-(\d+)-\d+\.tmp")


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

    def state_id(self) -> str:
        """See the port. Creates nothing."""
        if not self._state_id:
            found = self._read_format()
            if found is None:
                # Nor may anybody say what a pass would do that is going to refuse.
                self._refuse_leases_of_nobody()
            elif self._is_original(found):
                self._state_id = found.text("state_id")
        return self._state_id

    def open(self) -> str:
        """See the port. Cheap when there is nothing to do: one file read, a few listings, and a look at
        each of our names."""
        try:
            self._refuse_strangers()
            for folder in (self._root, *self._folders):
                if not os.path.isdir(folder):
                    files.make_folder(folder)
            self._state_id = self._identify()
            self._sweep()
            for name, text in self._scripts.items():
                self._provide(f"{self._root}/{name}", text.encode())
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

    def free_mb(self) -> int | None:
        """Of the file system the state folder is on, for this user."""
        try:
            room = os.statvfs(self._root)
        except OSError:
            return None
        return room.f_bavail * room.f_frsize // 1_000_000

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

    def _refuse_strangers(self) -> None:
        """Before the first write: a link in the place of one of our names leads it out of the folder, and
        whoever owns a folder can put one there at any time."""
        inside = [f"{self._root}/{name}" for name in OWN_NAMES]
        outside = [path for path in self._folders if path not in inside]
        for path in (self._root, *inside, *outside):
            try:
                # Where the root and a RUNNING_DIR lead is the operator's choice.
                status = os.lstat(path) if path in inside else os.stat(path)
            except FileNotFoundError:
                continue
            if stat.S_ISLNK(status.st_mode):
                raise StateError(
                    f"{path} is a symbolic link; nothing is written through it",
                    hint="somebody put it there; remove it, or mount what it leads to in its place",
                )
            if status.st_uid not in (os.geteuid(), 0):
                raise StateError(
                    f"{path} belongs to user {status.st_uid}, and this is user {os.geteuid()}",
                    hint="run it as that user, or give the whole state folder to this one with chown -R",
                )
            if stat.S_ISDIR(status.st_mode) and status.st_mode & 0o022:
                self._notices.append(f"{path} may be written by others; mend it with: chmod go-w {path}")

    def _identify(self) -> str:
        found = self._read_format()
        if found is None:
            self._refuse_leases_of_nobody()
            return self._sign()
        if self._is_original(found):
            return found.text("state_id")
        self._set_copied_leases_aside(found.text("state_id"))
        return self._sign()

    def _read_format(self) -> Fields | None:
        hint = "restore it from a backup; without it nobody knows whose leases these are"
        try:
            fields = Fields(json_text.load(files.read_limited(self._format_file, FORMAT_BYTES_MAX)))
            version, state_id = fields.whole("schema"), fields.text("state_id")
            if version == FORMAT:
                _check_place(fields)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StateError(f"{self._format_file} cannot be read: {error}", hint=hint) from error
        if version != FORMAT:
            raise StateError(
                f"the state folder has format {version}, this program writes {FORMAT}",
                hint="run the newer program, or name another folder with --base-path",
            )
        # It becomes part of a path (law 11).
        if not _STATE_ID.fullmatch(state_id):
            raise StateError(f"{self._format_file} cannot be read: it has no state_id", hint=hint)
        return fields

    def _is_original(self, found: Fields) -> bool:
        """A copy has another inode; a folder that was moved keeps it. The top of a volume has the same
        inode on each, so the volume is compared too: by its id, which a reboot does not change, or
        by its device, which changes at some."""
        status = os.stat(self._root)
        volumes = (found.raw("volume") == _volume_of(self._root), found.raw("device") == status.st_dev)
        return found.raw("inode") == status.st_ino and any(volumes)

    def _sign(self) -> str:
        state_id = os.urandom(8).hex()
        status = os.stat(self._root)
        record = {
            "schema": FORMAT,
            "state_id": state_id,
            "device": status.st_dev,
            "inode": status.st_ino,
            "volume": _volume_of(self._root),
        }
        files.replace(self._format_file, json_text.dump(record))
        return state_id

    def _set_copied_leases_aside(self, old_id: str) -> None:
        """Before the new id is written: a crash in between does it again, and finds nothing."""
        if not self._running.startswith(f"{self._root}/"):
            raise StateError(
                f"{self._root} is a copy, and its leases in {self._running} are the original's",
                hint="give the copy a RUNNING_DIR of its own",
            )
        names = self._lease_files()
        if not names:
            return
        aside = f"{self._root}/quarantine/copied-from-{old_id}"
        files.make_folder(aside)
        for name in names:
            os.rename(f"{self._running}/{name}", f"{aside}/{name}")
        files.sync_parent(f"{self._running}/x")
        files.sync_parent(f"{aside}/x")
        self._notices.append(
            f"this state folder is a copy: {len(names)} lease files of the original are set aside "
            f"in {aside}; its agents are not touched from here"
        )

    def _provide(self, path: str, text: bytes) -> None:
        """An executable file with this text; written only when it is another."""
        try:
            if os.path.exists(path) and files.read_limited(path, FORMAT_BYTES_MAX) == text:
                return
            files.make_folder(os.path.dirname(path))
            files.replace(path, text, sync_file=False, sync_folder=False, mode=files.FOLDER_MODE)
        except OSError as error:
            # Agents miss a convenience; what runs has still to be looked after.
            self._notices.append(f"{path} cannot be written: {error.strerror}")

    def _refuse_leases_of_nobody(self) -> None:
        """The folder is signed before its first lease, so its signature was removed by hand. With a new
        one the processes of these leases would not be found by their tag any more."""
        if os.path.isdir(self._running) and self._lease_files():
            raise StateError(
                f"{self._format_file} is missing although there are leases in {self._running}",
                hint="restore it from a backup, or end the agents and remove their leases",
            )

    def _names_in(self, folder: str) -> list[str]:
        try:
            return os.listdir(folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            # Litter is no reason not to look after leases.
            self._notices.append(f"{folder} cannot be looked at: {error.strerror}")
            return []

    def _lease_files(self) -> list[str]:
        return [name for name in os.listdir(self._running) if name.startswith("task_")]

    def _sweep(self) -> None:
        """Temp files whose writer is dead; one of a living writer is work, not litter."""
        inside = [f"{self._root}/{name}" for name in REPLACED_IN]
        for folder in (self._root, self._running, *inside):
            for name in self._names_in(folder):
                match = _TEMPORARY.fullmatch(name)
                if match and not _is_running(int(match[1]), int(match[2])):
                    self._clear(f"{folder}/{name}")

    def _clear(self, path: str) -> None:
        """A folder had the name of a lease when its lease was rebuilt, and may be somebody's work."""
        if not files.is_folder(path) or files.is_link(path):
            files.remove(path)
            return
        aside = f"{self._root}/quarantine/taken-{os.urandom(4).hex()}"
        try:
            files.make_folder(os.path.dirname(aside))
            files.move(path, aside)
        except OSError as error:
            self._notices.append(f"{path} cannot be set aside: {error.strerror}")


def _what(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def _remedy(error: OSError, otherwise: str) -> str:
    from tinyscheduler.kit.disk_words import remedy

    return remedy(error, otherwise)


def _check_place(fields: Fields) -> None:
    """Raises ValueError. A damaged place would look like a copy's, and the leases of living agents would
    be set aside."""
    fields.whole("device")
    fields.whole("inode")
    fields.text("volume")


def _volume_of(path: str) -> str:
    """Made of the file system's own id where it has one (statfs(2), f_fsid)."""
    return f"{os.statvfs(path).f_fsid:x}"


def _is_running(pid: int, start: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as stat:
            fields = stat.read(4096).rpartition(b")")[2].split()
            # A zombie is dead (law 5), and init may take its time to bury it.
            return int(fields[19]) == start and fields[0] not in (b"Z", b"X")
    except (OSError, ValueError, IndexError):
        return False
