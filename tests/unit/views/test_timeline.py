"""The picture of a journal, compared with what a person should see."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.views.past_runs import Run, fact_from, runs_of
from tinyscheduler.views.timeline import ASCII, UNICODE, Ink, Look, cells_of, picture

BEGAN_AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
TITLES = [
    (TaskId("1"), "Fix the parser"),
    (TaskId("2"), "Migrate the database"),
    (TaskId("3"), "Build the login page"),
    (TaskId("4"), "Publish the release"),
    (TaskId("5"), "Nobody has time for this"),
]
JOURNAL = """\
{"v":1,"at":"2026-01-31T12:00:00.000Z","pass":"a","event":"day_opened","leases":[]}
{"v":1,"at":"2026-01-31T12:00:00.000Z","pass":"a","event":"pass_began"}
{"v":1,"at":"2026-01-31T12:00:00.200Z","pass":"a","event":"lease_created","task_id":1,"lease_id":"l1","agent":"dev-1"}
{"v":1,"at":"2026-01-31T12:00:00.300Z","pass":"a","event":"run_started","task_id":1,"lease_id":"l1","agent":"dev-1","attempt":1}
{"v":1,"at":"2026-01-31T12:00:00.500Z","pass":"a","event":"run_started","task_id":2,"lease_id":"l2","agent":"dev-2","attempt":1}
{"v":1,"at":"2026-01-31T12:00:03.100Z","pass":"b","event":"tree_gone","task_id":2,"lease_id":"l2","agent":"dev-2","reason":"wrapper_dead"}
{"v":1,"at":"2026-01-31T12:00:03.200Z","pass":"b","event":"run_finished","task_id":2,"lease_id":"l2","agent":"dev-2","outcome":"lost"}
{"v":1,"at":"2026-01-31T12:00:03.900Z","pass":"b","event":"task_settled","task_id":2,"lease_id":"l2","agent":"dev-2","reason":"requeued","outcome":"lost"}
{"v":1,"at":"2026-01-31T12:00:04.000Z","pass":"b","event":"task_settled","task_id":1,"lease_id":"l1","agent":"dev-1","reason":"completed","outcome":"succeeded"}
{"v":1,"at":"2026-01-31T12:00:04.100Z","pass":"b","event":"run_started","task_id":3,"lease_id":"l3","agent":"dev-1","attempt":1}
{"v":1,"at":"2026-01-31T12:00:04.200Z","pass":"b","event":"run_started","task_id":4,"lease_id":"l4","agent":"dev-2","attempt":1}
{"v":1,"at":"2026-01-31T12:00:05.000Z","pass":"c","event":"task_settled","task_id":4,"lease_id":"l4","agent":"dev-2","reason":"requeued","outcome":"failed"}
{"v":1,"at":"2026-01-31T12:00:06.100Z","pass":"d","event":"task_settled","task_id":3,"lease_id":"l3","agent":"dev-1","reason":"handed_over","outcome":"handed_off"}
{"v":1,"at":"2026-01-31T12:00:06.200Z","pass":"d","event":"run_started","task_id":3,"lease_id":"l5","agent":"qa-1","attempt":2}
{"v":1,"at":"2026-01-31T12:00:08.500Z","pass":"e","event":"task_settled","task_id":3,"lease_id":"l5","agent":"qa-1","reason":"completed","outcome":"succeeded"}
{"v":1,"at":"2026-01-31T12:00:09.000Z","pass":"f","event":"run_started","task_id":2,"lease_id":"l6","agent":"dev-1","attempt":2}
"""
UNICODE_80 = """\
                            0s       2s        4s        6s        8s        10s
1 Fix the parser            ·dev-1━━━━━━━━━━━━✔
2 Migrate the database      ··dev-2━━━━━━━†·····························dev-1━━»
3 Build the login page      ····················dev-1━━━━→qa-1━━━━━━━✔
4 Publish the release       ····················━━━✘····························
5 Nobody has time for this  ····················································

━━ dev-1   ━━ dev-2   ━━ qa-1   ✔ succeeded   † lost   → handed off   ✘ failed
» running   ·· waits
"""
ASCII_44 = """\
                0s           5s
1 Fix the par~  dev-1====+
2 Migrate the~  .dev-2=!................===:
3 Build the l~  ..........dev-1>qa-1=+
4 Publish the~  ...........=x...............
5 Nobody has ~  ............................

== dev-1   == dev-2   == qa-1   + succeeded
! lost   > handed off   x failed   : running
.. waits
"""


def read(journal: str) -> tuple[Run, ...]:
    return runs_of(fact_from(json.loads(line)) for line in journal.splitlines())


def drawn(runs, *, look: Look, titles=tuple(TITLES), seconds: float = 10.5) -> list[str]:
    ended_at = BEGAN_AT + timedelta(seconds=seconds)
    return picture(runs, titles, began_at=BEGAN_AT, ended_at=ended_at, look=look)


def a_run(
    agent: str = "dev-1", *, task_id: str = "1", at: float = 0, until: float | None = 1, outcome="failed"
):
    ended_at = None if until is None else BEGAN_AT + timedelta(seconds=until)
    return Run(TaskId(task_id), AgentName(agent), 1, BEGAN_AT + timedelta(seconds=at), ended_at, outcome)


def test_a_journal_becomes_rows_of_tasks_and_blocks_of_runs():
    assert drawn(read(JOURNAL), look=Look(80, UNICODE)) == UNICODE_80.splitlines()


def test_it_can_be_drawn_narrow_and_without_unicode():
    lines = drawn(read(JOURNAL), look=Look(44, ASCII))

    assert lines == ASCII_44.splitlines()
    assert "\n".join(lines).isascii()


def test_a_journal_without_runs_is_drawn_all_the_same():
    lines = drawn((), look=Look(60, ASCII), titles=[(TaskId("1"), "Wait")], seconds=0)

    assert lines == [f"{'':8}0s", f"1 Wait  {'.' * 52}", "", ".. waits"]


@pytest.mark.parametrize("width", [40, 41, 57, 80, 160])
@pytest.mark.parametrize("seconds", [0.3, 12, 61, 4000, 90_000, 10_000_000])
def test_no_line_is_wider_than_asked_for(width, seconds):
    """A row that wraps is no row."""
    titles = [*TITLES, (TaskId("a" * 64), "字" * 50), (TaskId("6"), "red \x1b[31m title\nof two lines")]
    runs = [
        *read(JOURNAL),
        a_run("an-agent-with-a-long-name" * 2, task_id="6", until=seconds),
        a_run(task_id="6", at=seconds, until=None, outcome=""),
    ]

    lines = drawn(runs, look=Look(width, UNICODE), titles=titles, seconds=seconds)

    assert [line for line in lines if cells_of(line) > width] == []
    assert len(lines) >= len(titles) + 3
    assert "\x1b" not in "".join(lines)


def test_pieces_are_painted_as_what_they_are_and_agents_by_number():
    def paint(ink: Ink, number: int, text: str) -> str:
        return f"<{ink}{number} {text}>"

    runs = [a_run("qa-1", until=5), a_run(task_id="2", at=5, until=10, outcome="succeeded")]
    lines = drawn(runs, look=Look(40, ASCII, paint), titles=TITLES[:2], seconds=10)

    assert lines[1] == "1 Fix the pa~  <agent1 qa-1=======><bad0 x><quiet0 .............>"
    assert lines[2] == "2 Migrate th~  <quiet0 ............><agent0 dev-1=======><good0 +>"


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        ('"event":"task_settled","outcome":"handed_off"', "handed_off"),
        ('"event":"lease_undone"', "undone"),
        ('"event":"run_revoked"', "undone"),
        ('"event":"task_settled"', "lost"),
    ],
)
def test_the_first_end_counts_and_the_last_word_on_the_outcome(last, outcome):
    about = '"task_id":1,"lease_id":"l","agent":"dev-1"'
    journal = f"""\
{{"at":"2026-01-31T12:00:01Z","event":"run_started",{about},"attempt":2}}
{{"at":"2026-01-31T12:00:02Z","event":"run_finished",{about},"outcome":"lost"}}
{{"at":"2026-01-31T12:00:03Z",{last},{about}}}
"""

    expected = a_run(at=1, until=2, outcome=outcome)._replace(attempt=2)
    assert read(journal) == (expected,)


def test_an_end_without_its_beginning_is_no_run():
    """A picture may begin in the middle of a journal."""
    line = '{"at":"2026-01-31T12:00:02Z","event":"task_settled","task_id":1,"lease_id":"l","agent":"dev-1"}'

    assert read(line) == ()


@pytest.mark.parametrize(
    "entry", [None, [], {}, {"at": "noon", "event": "x"}, {"at": "2026-01-31T12:00:02Z", "event": 3}]
)
def test_what_is_no_journal_entry_is_refused(entry):
    with pytest.raises(ValueError, match=r"should be|not a JSON object"):
        fact_from(entry)
