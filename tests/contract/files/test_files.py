"""What ``kit.disk.Files`` promises, whoever keeps it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import partial

from tests.contract.files.implementations import Place

LIMIT = 1_000


def number_of(act: Callable[[], object]) -> int | None:
    try:
        act()
    except OSError as error:
        return error.errno
    raise AssertionError("nothing was raised")


def test_what_was_replaced_is_read(place: Place):
    path = f"{place.folder}/a"
    place.files.replace(path, b"old")
    place.files.replace(path, b"new", sync_file=False, sync_folder=False)

    assert place.files.read_limited(path, LIMIT) == b"new"
    assert place.files.names(place.folder) == ["a"], "no temporary file stays"


def test_a_file_of_exactly_the_limit_is_read(place: Place):
    place.files.replace(f"{place.folder}/a", b"x" * LIMIT)

    assert len(place.files.read_limited(f"{place.folder}/a", LIMIT)) == LIMIT


def test_reading_says_why_it_cannot(place: Place):
    place.files.replace(f"{place.folder}/long", b"x" * (LIMIT + 1))
    place.plant_link(f"{place.folder}/link")

    for name, expected in {
        "missing": errno.ENOENT,
        "missing/too": errno.ENOENT,
        "long/inside": errno.ENOTDIR,
        "long": errno.EFBIG,
        "link": errno.ELOOP,
        ".": errno.EINVAL,
    }.items():
        path = place.folder if name == "." else f"{place.folder}/{name}"
        assert number_of(partial(place.files.read_limited, path, LIMIT)) == expected, name


def test_nothing_is_written_where_there_is_no_folder(place: Place):
    path = f"{place.folder}/missing/a"

    for act in (
        lambda: place.files.replace(path, b""),
        lambda: place.files.create_exclusive(path, b""),
        lambda: place.files.append(path, b""),
        lambda: place.files.sync_parent(path),
        lambda: place.files.names(f"{place.folder}/missing"),
    ):
        assert number_of(act) == errno.ENOENT


def test_of_two_creators_one_wins_and_the_file_is_the_winners(place: Place):
    path = f"{place.folder}/a"

    assert place.files.create_exclusive(path, b"first") is True
    assert place.files.create_exclusive(path, b"second") is False
    assert place.files.read_limited(path, LIMIT) == b"first"
    assert place.files.names(place.folder) == ["a"]


def test_a_link_is_in_the_way_of_a_creator_and_gives_way_to_a_replacement(place: Place):
    path = f"{place.folder}/a"
    place.plant_link(path)

    assert place.files.create_exclusive(path, b"mine") is False
    place.files.replace(path, b"mine")
    assert place.files.read_limited(path, LIMIT) == b"mine"
    assert not place.files.is_link(path)


def test_a_folder_is_never_replaced(place: Place):
    place.files.make_folder(f"{place.folder}/a")

    assert number_of(lambda: place.files.replace(f"{place.folder}/a", b"")) == errno.EISDIR
    assert place.files.names(place.folder) == ["a"]


def test_lines_are_added_and_a_torn_one_is_ended(place: Place):
    path = f"{place.folder}/log"
    place.files.append(path, b"one\n")
    place.files.end_torn_line(path)
    place.files.append(path, b"tw")
    place.files.end_torn_line(path)

    assert place.files.read_limited(path, LIMIT) == b"one\ntw\n"


def test_nothing_is_added_through_a_link(place: Place):
    place.plant_link(f"{place.folder}/log")

    assert number_of(lambda: place.files.append(f"{place.folder}/log", b"x")) == errno.ELOOP


def test_removing_twice_is_no_fault(place: Place):
    path = f"{place.folder}/a"
    place.files.replace(path, b"")

    assert place.files.remove(path) is True
    assert place.files.remove(path) is False
    assert not place.files.exists(path)


def test_folders_are_made_with_their_parents_and_removed_when_empty(place: Place):
    folder = f"{place.folder}/a/b"
    place.files.make_folder(folder)
    place.files.make_folder(folder)

    assert place.files.is_folder(folder)
    assert place.files.remove_folder(f"{place.folder}/a") is False
    assert place.files.remove_folder(folder) is True
    assert not place.files.exists(folder)
    assert number_of(lambda: place.files.remove_folder(folder)) == errno.ENOENT


def test_no_folder_is_made_where_something_else_is(place: Place):
    place.files.replace(f"{place.folder}/file", b"")
    place.plant_link(f"{place.folder}/link")

    for name in ("file", "link", "file/below"):
        path = f"{place.folder}/{name}"
        assert number_of(partial(place.files.make_folder, path)) == errno.ENOTDIR, name


def test_a_file_is_moved_over_another(place: Place):
    place.files.replace(f"{place.folder}/a", b"a")
    place.files.replace(f"{place.folder}/b", b"b")
    place.files.move(f"{place.folder}/a", f"{place.folder}/b")

    assert place.files.names(place.folder) == ["b"]
    assert place.files.read_limited(f"{place.folder}/b", LIMIT) == b"a"
    assert number_of(lambda: place.files.move(f"{place.folder}/a", f"{place.folder}/c")) == errno.ENOENT


def test_the_time_of_a_file_is_known_and_can_be_moved(place: Place):
    path = f"{place.folder}/a"
    place.files.replace(path, b"")
    before = place.files.modified_at_s(path)
    place.files.touch(path)

    assert place.files.modified_at_s(path) >= before
    for act in (place.files.touch, place.files.modified_at_s):
        assert number_of(partial(act, f"{place.folder}/missing")) == errno.ENOENT


def test_two_files_change_places_in_one_step(place: Place):
    path = f"{place.folder}/a"
    place.files.replace(path, b"old")
    beside = place.files.put_beside(path, b"new")
    place.files.exchange(beside, path)

    assert place.files.read_limited(path, LIMIT) == b"new"
    assert place.files.read_limited(beside, LIMIT) == b"old"


def test_nothing_changes_places_with_a_file_that_is_not_there(place: Place):
    path = f"{place.folder}/a"
    beside = place.files.put_beside(path, b"new")

    assert number_of(lambda: place.files.exchange(beside, path)) == errno.ENOENT
    assert not place.files.exists(path)
    assert place.files.read_limited(beside, LIMIT) == b"new"
