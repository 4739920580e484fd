"""Who comes in: names against rebinding, the token, and how often."""

import pytest

from tinyscheduler.taskserver.guard import LOOPBACK, PEERS_MAX, Entry, Guard

HERE = {b"host": b"127.0.0.1:3000"}
TOKEN = "s3cret-s3cret-s3cret"


def status(entry: Entry, headers: dict[bytes, bytes]) -> int:
    turned = Guard(entry).look(headers, "127.0.0.1")
    return 200 if turned is None else turned.status


@pytest.mark.parametrize(
    "host", [b"127.0.0.1", b"127.0.0.1:3000", b"localhost:80", b"LocalHost", b"[::1]:3000", b"[::1]"]
)
def test_loopback_by_any_of_its_names_comes_in(host: bytes) -> None:
    assert status(Entry(), {b"host": host}) == 200


@pytest.mark.parametrize(
    "host",
    [
        b"", b"evil.example", b"evil.example:3000", b"127.0.0.1.evil.example", b"127.0.0.1:evil",
        b"127.0.0.1@evil.example", b"evil.example@127.0.0.1", b"127.0.0.1/evil", b"127.0.0.1:99999", b"[::1",
        b"127.0.0.1 evil.example", b"127.0.0.2", b"\xff\xfe", b"0x7f000001", b"127.0.0.1?x", b"127.0.0.1#x",
    ],
)  # fmt: skip
def test_no_other_host_comes_in(host: bytes) -> None:
    assert status(Entry(), {b"host": host}) == 421


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (b"http://127.0.0.1:8080", 200),
        (b"https://localhost", 200),
        (b"http://evil.example", 403),
        (b"null", 403),
        (b"", 403),
        (b"127.0.0.1", 403),
        (b"file://localhost", 403),
        (b"http://127.0.0.1@evil.example", 403),
    ],
)
def test_a_page_comes_in_only_from_here(origin: bytes, expected: int) -> None:
    assert status(Entry(), {**HERE, b"origin": origin}) == expected


def test_elsewhere_addresses_and_named_names_come_in() -> None:
    """Rebinding needs a name that somebody else can point at this server."""
    entry = Entry(LOOPBACK | {"tasks.example"}, is_any_address=True)

    hosts = [b"192.0.2.7:3000", b"[2001:db8::1]:3000", b"Tasks.Example:3000", b"other.example"]

    assert [status(entry, {b"host": host}) for host in hosts] == [200, 200, 200, 421]


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN} ", 200),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        ("Bearer", 401),
        ("", 401),
        ("Bearer \xff", 401),
    ],
)
def test_a_token_is_shown_whole_or_not_at_all(authorization: str, expected: int) -> None:
    headers = {**HERE, b"authorization": authorization.encode("latin-1")}

    assert status(Entry(token=TOKEN), headers) == expected


def test_nobody_asks_more_often_than_agreed_and_others_do_not_wait_for_it() -> None:
    seconds = [0.0]
    guard = Guard(Entry(rate_per_s=10), now=lambda: seconds[0])

    def came_in(peer: str, times: int) -> int:
        return sum(guard.look(HERE, peer) is None for _ in range(times))

    assert came_in("a", 50) == 20
    assert came_in("b", 5) == 5
    seconds[0] = 1.0
    assert came_in("a", 50) == 10
    seconds[0] = 3600.0
    assert came_in("a", 50) == 20
    turned = guard.look(HERE, "a")
    assert turned is not None
    assert (turned.status, dict(turned.headers)) == (429, {b"retry-after": b"1"})


def test_wrong_tokens_are_counted_too() -> None:
    """Else they could be tried as fast as the line carries them; who has the right one waits as well."""
    guard = Guard(Entry(token=TOKEN, rate_per_s=10), now=lambda: 0.0)
    wrong = {**HERE, b"authorization": b"Bearer guessed-guessed-guessed"}

    turned = [guard.look(wrong, "a") for _ in range(21)]

    assert [one.status for one in turned if one is not None] == [401] * 20 + [429]
    assert guard.look({**HERE, b"authorization": f"Bearer {TOKEN}".encode()}, "b") is None


def test_addresses_without_end_are_forgotten() -> None:
    guard = Guard(Entry())

    for number in range(PEERS_MAX + 100):
        guard.look(HERE, str(number))

    assert len(guard._buckets) == PEERS_MAX
