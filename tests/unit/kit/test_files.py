"""Files that are whole or not there (design law 6)."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.small_disk import INODES, a_small_disk, fill
from tinyscheduler.kit import files

MODE = 0o600


def errno_of(act: Callable[[], object]) -> int:
    """Why it failed; 0: it did not."""
    try:
        act()
    except OSError as error:
        return error.errno or -1
    return 0


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


# --- reading ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_a_file_within_the_limit_is_read_whole(tmp_path: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(b"x" * size)

    assert files.read_limited(str(tmp_path / "file"), 10) == b"x" * size


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 11)

    assert errno_of(lambda: files.read_limited(str(tmp_path / "file"), 10)) == errno.EFBIG


def test_a_file_that_says_it_is_empty_and_is_not_is_read_whole() -> None:
    """Files of /proc have a size of 0."""
    assert files.read_limited("/proc/self/status", 100_000).startswith(b"Name:")


@pytest.mark.parametrize(
    ("kind", "number"),
    [("link", errno.ELOOP), ("folder", errno.EINVAL), ("pipe", errno.EINVAL), ("nothing", errno.ENOENT)],
)
def test_what_is_no_regular_file_is_refused(tmp_path: Path, kind: str, number: int) -> None:
    """A pipe would make its reader wait for ever."""
    path = tmp_path / "it"
    if kind == "link":
        (tmp_path / "target").write_bytes(b"x")
        path.symlink_to("target")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)

    assert errno_of(lambda: files.read_limited(str(path), 10)) == number


def test_reading_leaves_no_descriptor_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 11)
    before = len(os.listdir("/proc/self/fd"))
    for path in (tmp_path / "file", tmp_path):
        assert errno_of(lambda path=path: files.read_limited(str(path), 10))  # type: ignore[misc]

    assert len(os.listdir("/proc/self/fd")) == before


# --- replacing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"text\n", b"\0" * 3_000_000])
@pytest.mark.parametrize("is_synced", [True, False])
def test_replacing_puts_the_whole_file_in_place(tmp_path: Path, data: bytes, is_synced: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    files.replace(str(path), data, sync_file=is_synced, sync_folder=is_synced)

    assert path.read_bytes() == data
    assert names(tmp_path) == ["file"]


def test_a_new_file_is_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        files.replace(str(tmp_path / "replaced"), b"")
        files.create_exclusive(str(tmp_path / "created"), b"")
        files.append(str(tmp_path / "appended"), b"")
        files.make_folder(str(tmp_path / "folder/inner"))
    finally:
        os.umask(old)

    assert {
        stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("replaced", "created", "appended")
    } == {MODE}
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "folder/inner").stat().st_mode) == 0o700


def test_replacing_a_link_replaces_the_link_and_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"target")
    (tmp_path / "file").symlink_to("target")

    files.replace(str(tmp_path / "file"), b"new")

    assert (tmp_path / "target").read_bytes() == b"target"
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_replacement_that_fails_leaves_the_old_and_no_litter(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(OSError, match="irectory"):
        files.replace(str(tmp_path / "folder"), b"new")

    assert names(tmp_path) == ["folder"]


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = str(tmp_path / "file")
    files.replace(path, b"a" * 50_000)
    seen: set[bytes] = set()
    is_done = threading.Event()

    def read() -> None:
        while not is_done.is_set():
            seen.add(files.read_limited(path, 100_000))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        files.replace(path, (b"b" if number % 2 else b"a") * 50_000, sync_file=False, sync_folder=False)
    is_done.set()
    reader.join(20)

    assert seen <= {b"a" * 50_000, b"b" * 50_000}


def test_a_file_is_made_where_its_path_is_relative(tmp_path: Path) -> None:
    old = os.getcwd()
    os.chdir(tmp_path)
    try:
        files.replace("file", b"x")
        assert files.create_exclusive("other", b"y")
    finally:
        os.chdir(old)

    assert names(tmp_path) == ["file", "other"]


# --- creating ---------------------------------------------------------------------------------------


def test_a_file_is_created_once(tmp_path: Path) -> None:
    path = tmp_path / "file"

    assert files.create_exclusive(str(path), b"first")
    assert not files.create_exclusive(str(path), b"second")
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_whatever_has_the_name_is_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "it"
    path.symlink_to("nowhere") if kind == "link" else path.mkdir()

    assert not files.create_exclusive(str(path), b"x")
    assert names(tmp_path) == ["it"]


def test_creating_in_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.create_exclusive(str(tmp_path / "nowhere/file"), b"x")


# --- appending, removing, folders -------------------------------------------------------------------


def test_appending_adds_at_the_end(tmp_path: Path) -> None:
    path = str(tmp_path / "file")

    files.append(path, b"one\n")
    files.append(path, b"two\n")

    assert (tmp_path / "file").read_bytes() == b"one\ntwo\n"


def test_appending_through_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").symlink_to("target")

    assert errno_of(lambda: files.append(str(tmp_path / "file"), b"x")) == errno.ELOOP
    assert names(tmp_path) == ["file"]


def test_a_write_that_the_kernel_takes_in_pieces_is_finished() -> None:
    """A short write is legal and means "more later"; nobody may count on one call."""
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    data = bytes(range(256)) * 4_000
    found = bytearray()

    def read() -> None:
        while chunk := os.read(read_end, 10_000):
            found.extend(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    files.write_all(write_end, data)
    os.close(write_end)
    reader.join(20)
    os.close(read_end)

    assert bytes(found) == data


def test_removing_says_whether_it_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    assert files.remove(str(tmp_path / "file"))
    assert not files.remove(str(tmp_path / "file"))


def test_a_folder_is_made_with_its_parents_and_one_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o755)

    files.make_folder(str(tmp_path / "there"))
    files.make_folder(str(tmp_path / "a/b/c"))
    files.make_folder(str(tmp_path / "a/b/c"))

    assert stat.S_IMODE((tmp_path / "there").stat().st_mode) == 0o755
    assert (tmp_path / "a/b/c").is_dir()


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_something_else_in_the_place_of_a_folder_is_an_error(tmp_path: Path, kind: str) -> None:
    """A link planted in our folders must not lead us out of them."""
    (tmp_path / "target").mkdir()
    if kind == "file":
        (tmp_path / "it").write_bytes(b"")
    else:
        (tmp_path / "it").symlink_to("target" if kind == "link" else "nowhere")

    with pytest.raises(NotADirectoryError):
        files.make_folder(str(tmp_path / "it"))


# --- temporary names --------------------------------------------------------------------------------


def test_a_temporary_name_tells_who_made_it_and_is_never_given_twice(tmp_path: Path) -> None:
    """So that a sweep can tell litter from work (contracts, Files)."""
    taken = [os.path.basename(files._temporary_name(str(tmp_path / "file"))) for _ in range(3)]

    start = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    assert len(set(taken)) == 3
    assert all(name.startswith(f".file.{os.getpid()}-{start}-") for name in taken)


# --- a full disk ------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with a_small_disk(tmp_path) as disk:
        yield disk


def test_on_a_full_disk_the_old_file_stays_whole_and_no_litter_is_left(small_disk: Path) -> None:
    path = str(small_disk / "file")
    files.replace(path, b"old" * 1000)
    fill(small_disk)

    assert errno_of(lambda: files.replace(path, b"y" * 9000)) == errno.ENOSPC
    assert errno_of(lambda: files.create_exclusive(f"{path}-2", b"y" * 9000)) == errno.ENOSPC
    assert names(small_disk) == ["ballast", "file"]
    assert (small_disk / "file").read_bytes() == b"old" * 1000


def test_without_a_free_inode_the_old_file_stays_whole(small_disk: Path) -> None:
    path = str(small_disk / "file")
    files.replace(path, b"old")
    made = [errno_of(lambda n=n: files.append(f"{path}-{n}", b"")) for n in range(INODES)]  # type: ignore[misc]

    assert made[-1] == errno.ENOSPC
    assert errno_of(lambda: files.replace(path, b"new")) == errno.ENOSPC
    assert (small_disk / "file").read_bytes() == b"old"
