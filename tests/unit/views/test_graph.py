"""What ``graph`` shows of one scene, in each of its forms (features D10, H3)."""

from __future__ import annotations

import json

import pytest

from tests import builders as b
from tests.golden.compare import assert_golden
from tests.unit.planner.need_scenes import asked_for
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.snapshot import QueueGap, StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.task_graph import task_graph
from tinyscheduler.views.graph import Format, GraphSeen, chosen, graph_json, graph_lines
from tinyscheduler.views.seen import exit_code

PARKED = b.a_task("9", title="Mend the build")
TASKS = (
    b.a_task("1", title="Write the parser"),
    b.a_task("2", title="Test it", tags=["after:1"]),
    b.a_task("3", title='Ship "it" \\N <b>', description="after: [2, 7, 40]"),
    b.a_task("4", title="a ring", blocked_by="5"),
    b.a_task("5", title="a ring", tags=["after:6"]),
    b.a_task("6", title="a ring", tags=["after:4"]),
    b.a_task("8", title="behind the ring", tags=["after:4", "after:2"]),
    PARKED,
    b.a_task("10", title="in vain", tags=["after:9"]),
    b.a_task("11", title="in vain, too", tags=["after:10"]),
    b.a_task("12", title="waits for nobody"),
    b.a_task("13", tags=["after:41", "after:42"]),
)
SCENE = b.a_start_snapshot(
    *TASKS,
    leases=[b.a_lease("7")],
    ledgers=[b.a_ledger("9", parked=b.parked_as(PARKED))],
    prerequisites=[
        asked_for("40", "complete", task=b.a_task("40", title="done", status="complete")),
        asked_for("41", "gone"),
        asked_for("42", "unasked"),
    ],
)


def seen_of(snapshot: StartSnapshot) -> GraphSeen:
    return GraphSeen(task_graph(snapshot, plan_start(snapshot)), server_unknown=None)


def text_of(seen: GraphSeen, form: Format = "text") -> str:
    return "".join(f"{line}\n" for line in graph_lines(seen, form))


FORMS: tuple[Format, ...] = ("text", "dot", "mermaid")


@pytest.mark.parametrize("form", FORMS)
def test_graph(form: Format) -> None:
    seen = chosen(seen_of(SCENE), about=None, is_all=False)

    assert_golden(f"graph.{form}.txt", text_of(seen, form))


def test_graph_of_everything() -> None:
    seen = chosen(seen_of(SCENE), about=None, is_all=True)

    assert_golden("graph_all.txt", text_of(seen))
    assert_golden("graph_all.json", json.dumps(graph_json(seen), indent=1) + "\n")


def test_graph_of_one_task() -> None:
    assert_golden("graph_one.txt", text_of(chosen(seen_of(SCENE), about=TaskId("2"), is_all=False)))


def test_the_order_of_the_tasks_makes_no_difference() -> None:
    turned = b.a_start_snapshot(*reversed(TASKS))._replace(
        leases=SCENE.leases, ledgers=SCENE.ledgers, prerequisites=SCENE.prerequisites
    )

    assert [text_of(seen_of(turned), form) for form in FORMS] == [
        text_of(seen_of(SCENE), form) for form in FORMS
    ]


def test_a_ring_by_way_of_a_parent_is_drawn_whole() -> None:
    """The parent waits for its subtasks, and that is drawn where it shuts a ring, and nowhere else."""
    family = [b.a_task("1"), b.a_task("2", parent_id="1", blocked_by="1"), b.a_task("3", parent_id="1")]
    seen = seen_of(b.a_start_snapshot(*family, open_parents=["1"]))

    assert [(edge.task_id, edge.waits_for) for edge in seen.graph.edges] == [("1", "2"), ("2", "1")]
    assert seen.graph.rings == (("1", "2"),)
    assert {node.task_id: node.mark for node in seen.graph.nodes.values()} == {
        "1": "ring",
        "2": "ring",
        "3": "",
    }


EVIL = 'x"]; click t0 "javascript:alert(1)" %% `a` \\" -> \\ & <script> #35; }\n\x1b[2J \u202e'


def outside_of_quotes(line: str) -> str:
    """What Graphviz reads as something else than text."""
    kept, is_quoted, at = "", False, 0
    while at < len(line):
        if is_quoted and line[at] == "\\":
            at += 1
        elif line[at] == '"':
            is_quoted = not is_quoted
        elif not is_quoted:
            kept += line[at]
        at += 1
    assert not is_quoted
    return " ".join(kept.split())


def test_a_title_cannot_leave_its_label() -> None:
    seen = seen_of(b.a_start_snapshot(b.a_task("1", title=EVIL, tags=["after:2"])))

    dot, mermaid, text = (text_of(seen, form) for form in ("dot", "mermaid", "text"))
    said = {outside_of_quotes(line) for line in dot.splitlines()[3:]}
    assert said == {"[label=];", "-> ;", "}"}
    label = mermaid.splitlines()[1].partition('["')[2]
    assert label.endswith('<br/>blocked"]')
    assert not set('"<>`%&\\\n\x1b') & set(label.removesuffix('<br/>blocked"]'))
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2


def test_ten_thousand_tasks_in_a_chain_are_drawn() -> None:
    """Deeper than the interpreter's stack; quadratic, it would be more than the time of a test."""
    tasks: list[Task] = [b.a_task(str(n), tags=[f"after:{n + 1}"]) for n in range(9_999)]
    seen = seen_of(b.a_start_snapshot(*tasks, b.a_task("9999")))

    sizes = [len(text_of(chosen(seen, about=None, is_all=False), form)) for form in FORMS]

    assert max(sizes) < 3_000_000


def test_parents_are_counted_and_left_to_the_tree() -> None:
    """A plan that was imported is a tree, and "no task waits for another" alone would deny it."""
    plan = [b.a_task("1"), b.a_task("2", parent_id="1"), b.a_task("3"), b.a_task("4", parent_id="3")]
    backlog = b.a_backlog(*plan)
    parents = frozenset({TaskId("1"), TaskId("3")})
    backlog = backlog._replace(value=backlog.value._replace(open_parents=parents))
    whole = seen_of(b.a_start_snapshot(backlog=backlog))

    shown = text_of(chosen(whole, about=None, is_all=False))

    assert shown == (
        "no task waits for another\n"
        "2 tasks wait for their subtasks: tinyscheduler task list --tree shows them\n"
    )
    assert "subtasks" not in text_of(chosen(whole, about=TaskId("2"), is_all=False))


def test_what_is_not_known_is_in_the_exit_code_and_said() -> None:
    seen = seen_of(b.a_start_snapshot())
    gap = seen._replace(gaps=(QueueGap(None, "dev-1", "no answer"),))

    assert (exit_code(seen), text_of(seen)) == (0, "no task waits for another\n")
    assert (exit_code(gap), exit_code(seen._replace(server_unknown="down"))) == (3, 3)
    assert "not known: dev-1: no answer" in text_of(gap)
    assert text_of(seen._replace(server_unknown="down")) == "not known: down\n"
