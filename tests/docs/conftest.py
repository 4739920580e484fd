"""A clone to follow the pages in."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.clone import environment_of, make_clone
from tests.docs.console import Terminal


@pytest.fixture
def terminal(repo_root: Path, tmp_path: Path) -> Iterator[Terminal]:
    """A reader in a clone of their own."""
    reader = Terminal(make_clone(repo_root, tmp_path), environment_of(tmp_path), port=_free_port())
    yield reader
    reader.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
