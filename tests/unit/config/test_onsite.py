"""What a look at the machine finds: programs as cron sees them, folders, files with secrets."""

from __future__ import annotations

import json
import os

import pytest

from tinyscheduler.config.onsite.look import look

SCRIPT = "#!/bin/sh\n"


def control(desk, *agents: dict[str, object]) -> None:
    whole = [
        {"agentName": f"a{at}", "agentType": "dev", "maxConcurrency": 1, "command": ["/bin/sh"], **agent}
        for at, agent in enumerate(agents)
    ]
    desk.write("agent-control.json", json.dumps(whole))


def program(desk, name: str, content: str = SCRIPT) -> str:
    path: str = desk.write(name, content)
    os.chmod(path, 0o755)
    return path


def seen(desk, **environ: str):
    environ = {**desk.environ, "PATH": "/usr/bin:/bin", **environ}
    found = look(desk.load(), environ, None)
    return [fault.message for fault in found.stops], list(found.notes)


def test_nothing_is_said_of_what_is_there(desk):
    os.mkdir(desk.path("work"))
    control(desk, {"workspace": "work"}, {"command": ["sh"]})

    assert seen(desk) == ([], [])


def test_program_that_only_this_terminal_finds_is_noted_with_its_path(desk):
    """The usual reason why an agent works by hand and not from cron."""
    path = program(desk, "bin/my-agent")
    control(desk, {"command": ["my-agent"]})

    stops, (note,) = seen(desk, PATH=f"{desk.path('bin')}:/bin")

    assert stops == []
    assert note.startswith(f"a0: my-agent is {path} here, but not in cron's PATH (/usr/bin:/bin)")


def test_program_that_nobody_finds_stops_its_agent(desk):
    control(desk, {"command": ["no-such-agent"]})

    assert seen(desk) == (["there is no program no-such-agent in PATH (/usr/bin:/bin)"], [])


def test_a_value_from_a_variable_that_is_not_set_stops_its_agent(desk):
    """A pass gives such an agent no task; a configuration that is called valid would be started with it."""
    control(desk, {"env": {"KEY": {"from": "PROVIDER_KEY"}}})

    assert seen(desk) == (["PROVIDER_KEY, the value of KEY, is not set here"], [])
    assert seen(desk, PROVIDER_KEY="x") == ([], [])


def test_program_without_the_right_to_be_run_is_given_it(desk):
    path = desk.write("worker", SCRIPT)
    os.chmod(path, 0o644)
    control(desk, {"command": [path]})

    (stop,) = look(desk.load(), {**desk.environ, "PATH": "/usr/bin:/bin"}, None).stops

    assert (stop.message, stop.remedy) == (f"{path} is not executable", f"chmod +x {path}")


def test_program_that_cron_finds_is_enough(desk):
    control(desk, {"command": ["sh"]})

    assert seen(desk, PATH="/nowhere") == ([], [])


def test_agent_with_a_path_of_its_own_is_looked_for_there(desk):
    program(desk, "bin/my-agent")
    control(
        desk,
        {"command": ["my-agent"], "env": {"PATH": desk.path("bin")}},
        {"command": ["sh"], "env": {"PATH": desk.path("bin")}},
    )

    stops, notes = seen(desk)

    assert stops == [f"there is no program sh in PATH ({desk.path('bin')})"]
    assert notes == []


@pytest.mark.parametrize(
    ("first_line", "stop", "note"),
    [
        ("#!/bin/sh", "", ""),
        ("#! /usr/bin/env sh", "", ""),
        ("#!/usr/bin/env -S LANG=C sh -e", "", ""),
        ("#!/no/such/interpreter", "needs its interpreter: there is no program /no/such/interpreter", ""),
        ("#!/usr/bin/env no-such-node", "needs no-such-node, which is not in PATH", ""),
        ("#!/usr/bin/env my-node", "", "needs my-node: my-node is "),
        ("no script at all", "", ""),
    ],
)
def test_interpreter_of_a_script_has_to_be_there_too(desk, first_line, stop, note):
    program(desk, "bin/my-node")
    program(desk, "agent", first_line + "\n")
    control(desk, {"command": ["./agent"]})

    stops, notes = seen(desk, PATH=f"/usr/bin:/bin:{desk.path('bin')}")

    assert [stop in found for found in stops] == [True] * bool(stop)
    assert [note in found for found in notes] == [True] * bool(note)


def test_missing_interpreter_is_told_before_the_short_path_of_cron(desk):
    program(desk, "bin/my-agent", "#!/no/such/interpreter\n")
    control(desk, {"command": ["my-agent"]})

    stops, notes = seen(desk, PATH=desk.path("bin"))

    assert len(stops) == 1
    assert "/no/such/interpreter" in stops[0]
    assert notes == []


def test_disabled_agents_are_not_looked_at(desk):
    control(desk, {"command": ["gone"], "workspace": "gone", "enabled": False})

    assert seen(desk) == ([], [])


def test_workspace_that_can_be_made_is_noted_and_one_that_cannot_stops(desk):
    file = desk.write("file", "")
    control(desk, {"workspace": "new"}, {"workspace": "file"}, {"workspace": "file/below"})

    stops, notes = seen(desk)

    assert notes == [f"a0: there is no folder {desk.path('new')}; its first start makes it"]
    assert stops == [
        f"its workspace {file} is not a folder",
        f"its workspace {file}/below cannot be made: no folder can be made in {file}",
    ]


def test_secret_of_an_agent_has_to_be_a_file_and_closed(desk):
    os.mkdir(desk.path("folder"))
    open_file = desk.write("open", "x")
    os.chmod(open_file, 0o644)
    files = {"A": {"file": "gone"}, "B": {"file": "folder"}, "C": {"file": "open"}}
    control(desk, {"env": files})

    stops, notes = seen(desk)

    assert stops == [
        f"there is no file {desk.path('gone')}, the value of A",
        f"{desk.path('folder')} cannot be read, the value of B",
    ]
    assert [note for note in notes if open_file in note] == [
        f"{open_file} holds a secret and other users of this machine can read it: chmod 600"
    ]


def test_state_folder_that_is_none_is_a_fault(desk):
    desk.write("state", "a file")

    found = look(desk.load(), desk.environ, None)

    assert [(fault.field, fault.message) for fault in found.faults] == [
        ("TINYSCHEDULER_STATE_DIR", "it is not a folder"),
    ]


def test_task_folder_that_is_not_there_is_a_fault(desk):
    """No pass could work; it was called valid."""
    desk.write(".env", "TINYSCHEDULER_TASK_FOLDER=tasks\n")

    def faults():
        return [(f.field, f.message) for f in look(desk.load(), desk.environ, None).faults]

    assert faults() == [("TINYSCHEDULER_TASK_FOLDER", "there is no such folder")]
    os.mkdir(desk.path("tasks"))
    assert faults() == []
