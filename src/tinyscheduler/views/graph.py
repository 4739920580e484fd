"""``graph``: who waits for whom, as text, DOT, Mermaid or JSON (features D10, H3).

Titles are text of strangers: in each form what could end a label, or draw something else, is written as
what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.snapshot import QueueGap
from tinyscheduler.model.task_graph import GraphEdge, GraphNode, TaskGraph
from tinyscheduler.views.held import id_json
from tinyscheduler.views.wording import line_text

Format = Literal["text", "dot", "mermaid"]

LABEL_CHARS_MAX = 48
INDENTS_MAX = 24
"""Deeper lines would leave every screen, and a chain of ten thousand would fill the disk."""


class GraphSeen(NamedTuple):
    """Everything ``graph`` shows, of one moment."""

    graph: TaskGraph
    server_unknown: str | None
    """Why nobody knows; None: it is known."""
    gaps: tuple[QueueGap, ...] = ()
    limits: tuple[str, ...] = ()
    about: TaskId | None = None
    """Only this task, what it waits for, and who waits for it."""
    parents: int = 0
    """Tasks that wait for their own subtasks, which no edge shows."""


def chosen(seen: GraphSeen, *, about: TaskId | None, is_all: bool) -> GraphSeen:
    """Without what is over and what has no part in it, or with that; of one task, what hangs together
    with it."""
    graph = seen.graph
    edges = graph.edges if is_all else tuple(edge for edge in graph.edges if not edge.is_fulfilled)
    if about is not None:
        near = _reached(about, _forth(edges)) | _reached(about, _back(edges))
        edges = tuple(edge for edge in edges if edge.task_id in near and edge.waits_for in near)
    ends = {end for edge in edges for end in (edge.task_id, edge.waits_for)}
    kept = ends | ({about} if about is not None else set(graph.nodes) if is_all else set())
    nodes = {task_id: node for task_id, node in graph.nodes.items() if task_id in kept}
    rings = tuple(ring for ring in graph.rings if ring[0] in nodes)
    parents = 0 if about is not None else sum(node.state == "parent_open" for node in graph.nodes.values())
    return seen._replace(graph=TaskGraph(nodes, edges, rings), about=about, parents=parents)


def graph_lines(seen: GraphSeen, form: Format) -> Iterator[str]:
    """In one of the forms for people and for programs that draw."""
    match form:
        case "text":
            yield from _text(seen)
        case "dot":
            yield from _dot(seen.graph)
        case "mermaid":
            yield from _mermaid(seen.graph)


def graph_json(seen: GraphSeen) -> dict[str, object]:
    """The body of ``graph --json``."""
    graph = seen.graph
    return {
        "tasks": [
            {
                "task_id": id_json(node.task_id),
                "title": node.title,
                "queue": node.queue,
                "state": node.state,
                "mark": node.mark,
            }
            for node in graph.nodes.values()
        ],
        "edges": [
            {
                "task_id": id_json(edge.task_id),
                "waits_for": id_json(edge.waits_for),
                "fulfilled": edge.is_fulfilled,
            }
            for edge in graph.edges
        ],
        "rings": [[id_json(task_id) for task_id in ring] for ring in graph.rings],
        "server_unknown": seen.server_unknown,
        "gaps": [{"queue": gap.queue, "agent": gap.agent, "why": gap.why} for gap in seen.gaps],
        "limits": list(seen.limits),
    }


def _text(seen: GraphSeen) -> Iterator[str]:
    graph = seen.graph
    forth = _forth(graph.edges)
    if seen.about is not None and seen.about not in graph.nodes:
        yield f"nobody has seen task {seen.about}"
    elif seen.about is not None:
        yield from _tree([seen.about], forth, graph.nodes, word="after")
        back = _back(graph.edges)
        if back.get(seen.about):
            yield f"\nwho waits for {seen.about}:"
            yield from _tree([seen.about], back, graph.nodes, word="then")
    else:
        waited_for = {edge.waits_for for edge in graph.edges}
        roots = [task_id for task_id in graph.nodes if task_id not in waited_for]
        yield from _tree([*roots, *graph.nodes], forth, graph.nodes, word="after")
    for ring in graph.rings:
        yield f"ring: {' -> '.join((*ring, ring[0]))}"
    yield from _remarks(seen)


def _remarks(seen: GraphSeen) -> Iterator[str]:
    if seen.server_unknown is not None:
        yield f"not known: {line_text(seen.server_unknown, chars_max=200)}"
    elif not seen.graph.edges and seen.about is None:
        yield "no task waits for another"
    if seen.parents:
        waits = "task waits for its" if seen.parents == 1 else "tasks wait for their"
        yield f"{seen.parents} {waits} subtasks: tinyscheduler task list --tree shows them"
    for gap in seen.gaps:
        yield f"not known: {gap.queue or gap.agent or 'tasks'}: {line_text(gap.why, chars_max=200)}"
    for limit in seen.limits:
        yield f"limit reached: {limit}"


def _tree(
    roots: Sequence[TaskId],
    ends: Mapping[TaskId, Sequence[TaskId]],
    nodes: Mapping[TaskId, GraphNode],
    *,
    word: str,
) -> Iterator[str]:
    """Each task once with all below it; where it comes again, it is only named."""
    named: set[TaskId] = set()
    front = [(task_id, 0) for task_id in reversed(roots)]
    while front:
        task_id, depth = front.pop()
        if depth == 0 and task_id in named:
            continue
        below = () if task_id in named else ends.get(task_id, ())
        is_again = task_id in named and bool(ends.get(task_id))
        named.add(task_id)
        yield _line(nodes[task_id], depth, word) + (" (see above)" if is_again else "")
        front += [(other, depth + 1) for other in reversed(below)]


def _line(node: GraphNode, depth: int, word: str) -> str:
    indent = "  " * min(depth, INDENTS_MAX) + (f"({depth}) " if depth > INDENTS_MAX else "")
    title = f" {line_text(node.title, chars_max=LABEL_CHARS_MAX)}" if node.title else ""
    return f"{indent}{f'{word} ' if depth else ''}{node.task_id}{title} [{node.state}]{_note(node)}"


def _note(node: GraphNode) -> str:
    return {"ring": " waits for itself", "failed": " waits in vain", "": ""}[node.mark]


def _dot(graph: TaskGraph) -> Iterator[str]:
    yield "digraph tasks {"
    yield "  rankdir=LR;"
    yield "  node [shape=box, fontname=sans];"
    for node in graph.nodes.values():
        colour = ", color=red" if node.mark else ""
        label = rf"{_dot_text(_label(node))}\n{_dot_text(node.state)}"
        yield f'  "{_dot_text(node.task_id)}" [label="{label}"{colour}];'
    for edge in graph.edges:
        style = " [style=dashed]" if edge.is_fulfilled else ""
        yield f'  "{_dot_text(edge.task_id)}" -> "{_dot_text(edge.waits_for)}"{style};'
    yield "}"


def _dot_text(text: str) -> str:
    """Between quotes nothing but a quote and a backslash has a meaning."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _mermaid(graph: TaskGraph) -> Iterator[str]:
    yield "flowchart LR"
    names = {task_id: f"t{at}" for at, task_id in enumerate(graph.nodes)}
    for task_id, node in graph.nodes.items():
        yield f'  {names[task_id]}["{_mermaid_text(_label(node))}<br/>{_mermaid_text(node.state)}"]'
    for edge in graph.edges:
        arrow = "-.->" if edge.is_fulfilled else "-->"
        yield f"  {names[edge.task_id]} {arrow} {names[edge.waits_for]}"
    marked = [names[task_id] for task_id, node in graph.nodes.items() if node.mark]
    if marked:
        yield "  classDef wrong stroke:#c00,stroke-width:2px"
        yield f"  class {','.join(marked)} wrong"


def _mermaid_text(text: str) -> str:
    """Whatever is no letter, digit or blank is written by its number."""
    return "".join(char if char.isalnum() or char in " _-.,/" else f"#{ord(char)};" for char in text)


def _label(node: GraphNode) -> str:
    return f"{node.task_id} {line_text(node.title, chars_max=LABEL_CHARS_MAX)}".rstrip()


def _forth(edges: Sequence[GraphEdge]) -> dict[TaskId, list[TaskId]]:
    ends: dict[TaskId, list[TaskId]] = {}
    for edge in edges:
        ends.setdefault(edge.task_id, []).append(edge.waits_for)
    return ends


def _back(edges: Sequence[GraphEdge]) -> dict[TaskId, list[TaskId]]:
    ends: dict[TaskId, list[TaskId]] = {}
    for edge in edges:
        ends.setdefault(edge.waits_for, []).append(edge.task_id)
    return ends


def _reached(start: TaskId, ends: Mapping[TaskId, Sequence[TaskId]]) -> set[TaskId]:
    found, front = {start}, [start]
    while front:
        for other in ends.get(front.pop(), ()):
            if other not in found:
                found.add(other)
                front.append(other)
    return found
