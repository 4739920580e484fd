"""What the stores ask of a file system, as a Protocol.

The module ``files`` is the real one and is handed over as it is, so that a store over it costs
nothing more; the tests have one in memory that loses power. Apart, because it is for the type
checker only: no process imports it.
"""

from __future__ import annotations

from typing import Protocol

from tinyscheduler.kit.files import FILE_MODE


class Files(Protocol):
    """What the stores ask of a file system. Raises what ``files`` raises."""

    def read_limited(self, path: str, limit: int) -> bytes:
        """See the function."""

    def replace(
        self,
        path: str,
        data: bytes,
        *,
        sync_file: bool = True,
        sync_folder: bool = True,
        mode: int = FILE_MODE,
    ) -> None:
        """See the function."""

    def create_exclusive(self, path: str, data: bytes) -> bool:
        """See the function."""

    def put_beside(self, path: str, data: bytes) -> str:
        """See the function."""

    def exchange(self, one: str, other: str) -> None:
        """See the function."""

    def append(self, path: str, data: bytes) -> None:
        """See the function."""

    def end_torn_line(self, path: str) -> None:
        """See the function."""

    def remove(self, path: str) -> bool:
        """See the function."""

    def remove_folder(self, path: str) -> bool:
        """See the function."""

    def move(self, path: str, to: str) -> None:
        """See the function."""

    def touch(self, path: str) -> None:
        """See the function."""

    def modified_at_s(self, path: str) -> float:
        """See the function."""

    def make_folder(self, path: str) -> None:
        """See the function."""

    def sync_parent(self, path: str) -> None:
        """See the function."""

    def names(self, folder: str) -> list[str]:
        """See the function."""

    def exists(self, path: str) -> bool:
        """See the function."""

    def is_folder(self, path: str) -> bool:
        """See the function."""

    def is_link(self, path: str) -> bool:
        """See the function."""
