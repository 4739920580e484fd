"""Every error this program raises on purpose, split by whose fault it is.

    TinySchedulerError
    +-- OperatorError            the operator can mend it: settings, arguments, a refused request
    |   +-- UsageError           exit 2
    |   +-- ConfigError          exit 2, carries every fault at once
    |   +-- Refused              exit 4
    +-- WorldError               the world failed: try again later
        +-- ClockError           exit 1, the machine's clock shows what cannot be counted
        +-- StateError           exit 1, the state folder cannot be read or written
        |   +-- Unreadable       what is there says nothing, however often it is read
        |   +-- Blind            this process cannot tell who lives, so it gives no verdict on what is there
        +-- StartFailed          exit 1, a wrapper could not be started
        +-- TaskServerError      exit 3
            +-- ServerUnavailable    nobody answered, or not in time, or not in its language
            +-- TaskNotFound         the server answered: there is no such task
            |   +-- RemarkNotFound       nor such a comment or link
            |   +-- TaskNeverMade        nor has there ever been one of that id
            +-- NotAssigned          a conditional move lost: somebody else holds the task
            |   +-- NotAsExpected        a change was to be made only if the task is so, and it is not
            +-- ServerRefused        the server answered: no, and it will say no again
                +-- TaskUnreadable   until somebody mends what the task is kept in

Bugs are ``assert``; they are not in this tree. Each error has a kebab-case reference that scripts
may test for, one sentence that says what and where, and a hint that says how to mend it. Secrets
never go into either.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple


class TinySchedulerError(Exception):
    """The root; only its children are raised."""

    reference: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class OperatorError(TinySchedulerError):
    """The operator can mend it."""

    exit_code = 2


class UsageError(OperatorError):
    """The command line cannot be understood."""

    reference = "usage"


class Fault(NamedTuple):
    """One thing that is wrong in the configuration."""

    field: str
    """Where: a setting's name, or a file with the place in it (``agents.json[2].agentName``)."""
    value: str
    """What was found there, shortened, secrets masked."""
    remedy: str
    """What to write instead."""
    message: str = ""


class ConfigError(OperatorError):
    """The configuration has faults; all of them are here, not just the first."""

    reference = "configuration"

    def __init__(self, message: str, *, faults: tuple[Fault, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.faults = faults

    @property
    def first_fault(self) -> str:
        """One clause: where, and what is wrong there."""
        first = self.faults[0] if self.faults else None
        return f"{first.field}: {first.message}" if first else self.message


class Refused(OperatorError):
    """We understood and will not do it: unknown id, drift, denial."""

    reference = "refused"
    exit_code = 4


class WorldError(TinySchedulerError):
    """The world failed; the same call may succeed later."""


class ClockError(WorldError):
    """The machine's clock shows a time that cannot be counted, so nothing could be said of any age."""

    reference = "clock"


class StateError(WorldError):
    """The state folder cannot be read or written, or is not ours."""

    reference = "state"


class Unreadable(StateError):
    """A file of ours is there and says nothing: garbled, cut off, or no file at all. Reading it again
    changes nothing, as it may for a disk that fails."""


class Blind(StateError):
    """From where this process runs nobody can be called dead or alive."""

    reference = "machine-unseen"


class StartFailed(WorldError):
    """The operating system refused to start a wrapper."""

    reference = "start-failed"


class TaskServerError(WorldError):
    """Everything the task server can do to us."""

    reference = "task-server"
    exit_code = 3


class ServerUnavailable(TaskServerError):
    """No usable answer.

    ``maybe_applied`` is True when the request may have reached the server, so that a write may
    have happened although nobody said so: law 4, neither done nor undone.
    """

    reference = "task-server-unavailable"

    def __init__(self, message: str, *, hint: str = "", maybe_applied: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.maybe_applied = maybe_applied


class TaskNotFound(TaskServerError):
    """The server has no task of that id."""

    reference = "task-not-found"
    exit_code = 4


class TaskNeverMade(TaskNotFound):
    """Nor has it ever had one: it gives no id twice, and has not come to this one yet."""


class RemarkNotFound(TaskNotFound):
    """The server has no comment or link of that id."""

    reference = "remark-not-found"


class NotAssigned(TaskServerError):
    """A move named an owner that is not the owner (any more), or the task is complete."""

    reference = "not-assigned"


class NotAsExpected(NotAssigned):
    """The task is not as the caller has last seen it, so nothing was changed."""

    reference = "not-as-expected"


class ServerRefused(TaskServerError):
    """The server understood the call and rejects it; repeating it changes nothing."""

    reference = "task-server-refused"


class TaskUnreadable(ServerRefused):
    """Nobody can read what the task is kept in: asked again for as long as it takes, because the task is
    there, and a person who is in the middle of an edit needs more than three passes."""

    reference = "task-unreadable"
