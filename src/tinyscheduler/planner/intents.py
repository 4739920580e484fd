"""What is to become of an intent: for each kind one ordered table, first match wins.

The command that asks, the pass that obeys and every view of what is pending use the same tables, so
what a person is told is what happens. Nothing is done in here; ``reconcile.intents`` does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, assert_never

from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.intent import Intent, IntentAnswer, IntentKind
from tinyscheduler.model.reason import Held
from tinyscheduler.planner import approval_subject as its
from tinyscheduler.planner import intent_subject as it
from tinyscheduler.planner import intent_words as words
from tinyscheduler.planner import moved
from tinyscheduler.planner.intent_subject import Subject

Deed = Literal[
    "stop", "release", "drop", "park", "retry", "requeue", "approve", "done", "nothing", "refuse", "wait",
    "ask",
]  # fmt: skip
"""``done``: the effect is on disk; ``nothing``: there was nothing to do; ``ask``: the task server has
to be asked first; ``drop``: remove a lease that nobody can read."""


class Ruling(NamedTuple):
    """The row that decided."""

    deed: Deed
    why: str
    rule: str = ""
    """Its name; empty: no table was asked."""


class Rule(NamedTuple):
    """One row."""

    name: str
    holds: Callable[[Subject], bool]
    deed: Deed
    why: Callable[[Subject], str]


def judge(subject: Subject) -> Ruling:
    """The first row of the kind's table that holds; the last one of each catches all."""
    for rule in RULES[subject.intent.kind]:
        if rule.holds(subject):
            return Ruling(rule.deed, rule.why(subject), rule.name)
    raise AssertionError(f"no rule for an intent of kind {subject.intent.kind}")


def answer_of(intent: Intent, ruling: Ruling) -> IntentAnswer | None:
    """What a ruling means where nothing is left to do; None: there is."""
    match ruling.deed:
        case "done":
            return IntentAnswer(intent, "applied", ruling.why)
        case "nothing":
            return IntentAnswer(intent, "nothing_to_do", ruling.why)
        case "refuse":
            return IntentAnswer(intent, "refused", ruling.why)
        case "stop" | "release" | "wait" | "ask":
            return IntentAnswer(intent, "waits", ruling.why)
        case "drop" | "park" | "retry" | "requeue" | "approve":
            return None
        case _:
            assert_never(ruling.deed)


def held_by(answers: Sequence[IntentAnswer]) -> dict[TaskId, Held]:
    """Tasks that must not start because a person has said so, although that is in no ledger yet."""
    return {
        answer.intent.task_id: Held(
            answer.intent.task_id,
            "parked",
            f"{answer.intent.kind} was asked for by {answer.intent.by}: {answer.why}",
            since=answer.intent.at,
            lever="wait for the next pass",
        )
        for answer in answers
        if answer.word == "waits" and answer.intent.kind in ("stop", "park") and not answer.intent.requeue
    }


def replaces(later: Intent, earlier: Intent) -> bool:
    """Two stops of one run: the last word counts."""
    same = (earlier.kind, earlier.task_id, earlier.lease_id)
    return later.kind == "stop" and (later.kind, later.task_id, later.lease_id) == same


def ends_of(subjects: Sequence[Subject]) -> Mapping[LeaseId, Intent]:
    """Intents that end a run, of those whose task has a lease; several for one run are one, and the
    last of them says what comes after it. Oldest first; behind one that has to wait, the others of its
    task wait too, but for ``release``: it is the way out when nothing else works."""
    found: dict[LeaseId, Intent] = {}
    stuck: set[TaskId] = set()
    for subject in subjects:
        intent, lease = subject.intent, subject.lease
        if lease is None or (intent.task_id in stuck and intent.kind != "release"):
            continue
        deed = judge(subject).deed
        if deed in ("stop", "release"):
            found[lease.lease.lease_id] = intent
        elif deed in ("wait", "ask"):
            stuck.add(intent.task_id)
    return found


_UNREADABLE_WAITS = Rule("unreadable", it.is_unreadable, "wait", words.say("its lease cannot be read yet"))
_UNREADABLE_REFUSES = Rule(
    "unreadable", it.is_unreadable, "refuse", words.say("its lease cannot be read: see status, or release it")
)
_ELSEWHERE = Rule("elsewhere", it.is_elsewhere, "refuse", words.where)
_FOREIGN = Rule("other_server", it.is_foreign, "refuse", words.other_server)
_ASK = Rule("unasked", it.is_unasked, "ask", words.say("the task server has to be asked first"))
_NO_ANSWER = Rule("server_unknown", it.is_server_unknown, "wait", words.no_answer)
_GONE = Rule("gone", it.is_gone, "refuse", words.say("the task server has no such task"))
_LEDGER = Rule("ledger_unreadable", it.is_ledger_unreadable, "refuse", words.say("its ledger cannot be read"))
_CLOSING = Rule(
    "being_closed",
    it.is_being_closed,
    "wait",
    words.say("a run of it has lost its lease and is being closed"),
)

_OF_THE_SERVER = (_FOREIGN, _LEDGER, _ASK, _NO_ANSWER, _GONE)
"""Everything below them may look at the task."""

_PARK = (
    Rule("complete", it.is_complete, "nothing", words.what_it_is),
    Rule("parked", it.is_parked, "done", words.say("it is parked")),
    _CLOSING,
    Rule("not_ours", it.is_strangers, "refuse", words.whose),
    Rule("idle", it.is_idle, "park", words.say("it is not started until retry, or until it is changed")),
    Rule("working", it.always, "refuse", words.say("it is working, and no run of ours is: requeue it first")),
)

RULES: Mapping[IntentKind, tuple[Rule, ...]] = {
    "stop": (
        _UNREADABLE_WAITS,
        Rule(
            "start_failed",
            it.is_taken_back,
            "wait",
            words.say("its start was taken back, and is settled next"),
        ),
        # Until it is settled this says that a task which the server does not know was deleted (law 4).
        Rule("over", it.is_over_by_itself, "wait", words.what_was_quicker),
        Rule("stopped", it.is_over, "done", words.how_it_ended),
        _ELSEWHERE,
        Rule("meant", it.is_meant, "stop", words.how_it_ends),
        Rule("cancelled", it.was_cancelled, "done", words.how_it_ended),
        # Parked by its ledger; people look at the server.
        Rule("moved_unasked", moved.is_to_be_asked, "ask", _ASK.why),
        Rule("moved_unknown", moved.is_unanswered, "wait", words.no_answer),
        Rule(
            "moved_unmarked",
            moved.is_unmarked,
            "park",
            words.say("its run was stopped, and it is parked"),
        ),
        Rule("moved", moved.was_parked, "done", words.say("its run was stopped, and it is parked")),
        Rule("left_to_others", moved.was_left_to_others, "done", words.to_whom_it_is_left),
        Rule("ended", it.has_ended, "nothing", words.how_it_ended),
        Rule("another_run", it.is_another, "nothing", words.say("the run that was meant is gone")),
        Rule("orphaned", it.is_orphaned, "wait", words.who_is_left),
        Rule("noted", it.is_lost_and_noted, "done", words.say("its run has lost its lease, and is closed")),
        Rule("lost", it.is_lost, "wait", words.say("its run has lost its lease, and is to be closed")),
        Rule("taken_back", it.is_not_to_be_parked, "done", words.say("its run is gone")),
        Rule("not_running", it.is_about_no_run, "nothing", words.it_does_not_run),
        *_OF_THE_SERVER,
        Rule("never_ran", it.names_no_run, "nothing", words.it_does_not_run),
        # Its start was taken back, which leaves an idle task: the next plan would start it again.
        *_PARK,
    ),
    "park": (
        _UNREADABLE_WAITS,
        Rule("over", it.is_over, "wait", words.say("its run is over, and is settled first")),
        _ELSEWHERE,
        Rule("meant", it.is_meant, "stop", words.how_it_ends),
        *_OF_THE_SERVER,
        *_PARK,
    ),
    "retry": (
        _UNREADABLE_REFUSES,
        Rule("over", it.is_over, "wait", words.say("its run is over, and is settled first")),
        Rule("running", it.has_lease, "refuse", words.say("it runs: stop it first")),
        *_OF_THE_SERVER,
        Rule("complete", it.is_complete, "nothing", words.what_it_is),
        _CLOSING,
        Rule(
            "nothing_held",
            it.has_nothing_to_release,
            "nothing",
            words.say("it is not parked and waits for no retry"),
        ),
        Rule("held", it.always, "retry", words.what_retry_does),
    ),
    "approve": (
        *_OF_THE_SERVER,
        Rule("complete", it.is_complete, "nothing", words.what_it_is),
        Rule("unclear", its.is_unclear, "refuse", its.what_is_unclear),
        Rule("unwanted", its.wants_no_approval, "nothing", words.say("it does not ask for approval")),
        Rule("approved", its.is_approved, "done", words.say("it is approved as it is")),
        Rule(
            "changed",
            its.says_something_else,
            "refuse",
            words.say("it was changed since it was looked at: read it, and approve it again"),
        ),
        Rule("wanted", it.always, "approve", words.say("it may start as soon as nothing else holds it")),
    ),
    "release": (
        Rule("unreadable_alive", lambda s: it.is_unreadable(s) and it.lives(s), "refuse", words.who_lives),
        Rule(
            "unreadable", it.is_unreadable, "drop", words.say("its lease is removed without being understood")
        ),
        Rule(
            "over",
            lambda s: it.is_over(s) and not it.lives(s),
            "refuse",
            words.say("its run is over; it is settled when the server answers"),
        ),
        Rule("alive", it.is_alive, "refuse", words.say("its wrapper lives on this host: stop it")),
        Rule(
            "meant",
            it.is_meant,
            "release",
            words.say("its lease is given up without proof: if its processes live, the task runs twice"),
        ),
        Rule("no_lease", it.always, "done", words.say("there is no such lease any more")),
    ),
    "requeue": (
        _UNREADABLE_REFUSES,
        Rule("leased", it.has_lease, "refuse", words.say("it has a lease: stop it, with --requeue")),
        *_OF_THE_SERVER,
        Rule("complete", it.is_complete, "refuse", words.what_it_is),
        _CLOSING,
        Rule("half_done", it.is_half_requeued, "requeue", words.say("it is given back")),
        Rule("idle", it.is_idle, "done", words.say("it is idle")),
        Rule("parent", it.has_open_children, "refuse", words.say("its status follows its open subtasks")),
        Rule("not_ours", it.is_nobodys_of_ours, "refuse", words.whose),
        Rule("alive", it.lives, "refuse", words.who_lives),
        Rule("working", it.always, "requeue", words.say("it is set idle")),
    ),
}
