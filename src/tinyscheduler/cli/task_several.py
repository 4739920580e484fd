"""One deed for each of several tasks: what fails for one is told, and the others are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from tinyscheduler.cli.names import task_id_of
from tinyscheduler.errors import (
    NotAssigned,
    Refused,
    ServerRefused,
    ServerUnavailable,
    TaskNotFound,
    TinySchedulerError,
)
from tinyscheduler.model.ids import TaskId

T = TypeVar("T")


class Failure(NamedTuple):
    """Of one task."""

    task_id: TaskId
    error: TinySchedulerError


class Deeds(NamedTuple, Generic[T]):
    """What came of it."""

    done: tuple[T, ...]
    failures: tuple[Failure, ...]
    is_single: bool
    """One task was named, so nothing has to be said about which."""

    @property
    def exit_code(self) -> int:
        """Of the worst: a server that is away tells nothing of the others (exit codes, 3 beats 1)."""
        codes = {failure.error.exit_code for failure in self.failures}
        return 3 if 3 in codes else max(codes, default=0)


def ids_of(texts: Sequence[str]) -> tuple[TaskId, ...]:
    """Each once, in the order given; nothing is asked before all of them can be ids. Raises Refused."""
    return tuple(dict.fromkeys(task_id_of(text) for text in texts))


def each(task_ids: Sequence[TaskId], act: Callable[[TaskId], T]) -> Deeds[T]:
    """In order. One task alone raises what happens to it."""
    if len(task_ids) == 1:
        return Deeds((act(task_ids[0]),), (), True)
    done: list[T] = []
    failures = list(_failures(task_ids, lambda task_id: done.append(act(task_id))))
    return Deeds(tuple(done), tuple(failures), False)


def as_ours(error: TinySchedulerError) -> TinySchedulerError:
    """A server that refuses is usable: what was asked for is at fault, not the way to it."""
    if isinstance(error, TaskNotFound):
        error.hint = error.hint or "tinyscheduler task list --all shows what there is"
    if isinstance(error, ServerRefused | NotAssigned):
        return Refused(error.message, hint=error.hint)
    return error


def _failures(task_ids: Sequence[TaskId], act: Callable[[TaskId], None]) -> Iterator[Failure]:
    for at, task_id in enumerate(task_ids):
        try:
            act(task_id)
        except (TaskNotFound, ServerRefused, NotAssigned, Refused) as error:
            yield Failure(task_id, as_ours(error))
        except ServerUnavailable as error:
            yield Failure(task_id, error)
            # Each of the others would wait as long for the same answer.
            yield from (
                Failure(other, ServerUnavailable("not tried: the task server does not answer"))
                for other in task_ids[at + 1 :]
            )
            return
