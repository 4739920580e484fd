"""``state/pauses``: one file for each pause that a person has given.

Written by commands without the lock, because a pause holds from this instant and not from the next
pass; passes only read it. The name of a file says what is paused, so that one whose content nobody
can read holds no more than it was to hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.adapters.records.trouble import reason_of, state_error
from tinyscheduler.kit import files

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files
    from tinyscheduler.model.pause import Pause

PAUSE_BYTES_MAX = 16_384
"""A pause is 200 bytes, with the longest reason 2,500."""
_ENDING = ".json"


class FilePauses:
    """``ports.PauseStore`` over one folder. Missing folder = nothing is paused."""

    def __init__(self, folder: str, *, disk: Files = files) -> None:
        self._folder = folder
        self._disk = disk

    def read(self) -> tuple[Pause, ...]:
        """See the port. One listing when there is nothing."""
        try:
            # The dot marks temp files of commands that are writing, and of those that were killed.
            names = [name for name in self._disk.names(self._folder) if not name.startswith(".")]
        except FileNotFoundError:
            return ()
        except OSError as error:
            return (_unreadable(self._folder, reason_of(error)),)
        return tuple(pause for name in sorted(names) if (pause := self._read(name)) is not None)

    def write(self, pause: Pause) -> None:
        """See the port."""
        from tinyscheduler.adapters.records.pause_json import file_name, pause_to_json
        from tinyscheduler.kit import json_text

        path = f"{self._folder}/{file_name(pause.scope, pause.name)}{_ENDING}"
        try:
            self._disk.make_folder(self._folder)
            self._disk.replace(path, json_text.dump(pause_to_json(pause)))
        except OSError as error:
            raise state_error(path, error) from error

    def remove(self, pause: Pause) -> None:
        """See the port."""
        from tinyscheduler.adapters.records.pause_json import file_name

        path = pause.path or f"{self._folder}/{file_name(pause.scope, pause.name)}{_ENDING}"
        try:
            if self._disk.remove(path):
                self._disk.sync_parent(path)
        except OSError as error:
            raise state_error(path, error) from error

    def _read(self, name: str) -> Pause | None:
        """None: it was taken away while we looked."""
        from tinyscheduler.adapters.records.pause_json import pause_from_json
        from tinyscheduler.kit import json_text

        path = f"{self._folder}/{name}"
        try:
            data = self._disk.read_limited(path, PAUSE_BYTES_MAX)
            return pause_from_json(json_text.load(data), name=name.removesuffix(_ENDING))
        except FileNotFoundError:
            return None
        except OSError as error:
            return _unreadable(path, reason_of(error))
        except ValueError as error:
            return _unreadable(path, f"it does not parse: {error}")


def _unreadable(path: str, why: str) -> Pause:
    from tinyscheduler.adapters.records.pause_json import unreadable

    name = path.rpartition("/")[2].removesuffix(_ENDING)
    return unreadable(name, path=path, why=why)
