"""The examples are valid, say their limits truly, and their agent does what its words say."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time

import pytest

from tinyscheduler.config.load import load

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
FOLDER = os.path.join(ROOT, "examples", "agent-control")
AGENT = os.path.join(FOLDER, "agents", "scripted-agent")
EXAMPLES = sorted(name for name in os.listdir(FOLDER) if name.endswith(".json"))


def test_there_are_three():
    assert EXAMPLES == ["medium.json", "multi-queue.json", "small.json"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_valid_without_a_single_note(desk, name):
    said = desk.say("validate-config", flags={"AGENT_CONTROL_FILE": os.path.join(FOLDER, name)})

    assert (said.code, said.text) == (0, "configuration is valid\n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_states_its_slots_truly(desk, name):
    path = os.path.join(FOLDER, name)
    agents = load({"AGENT_CONTROL_FILE": path}, desk.environ, write_cache=False).agents
    with open(path, encoding="utf-8") as file:
        stated = re.search(r"Limits: (\d+) slots in all", json.load(file)[0]["comment"])
    with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as file:
        row = next(line for line in file if line.startswith(f"| `{name}`"))

    total = sum(agent.slots for agent in agents)
    assert stated is not None
    assert int(stated[1]) == total
    assert f"| {total} |" in row
    assert all(f"{agent.name} ({agent.slots}" in row for agent in agents)


@pytest.mark.parametrize("name", EXAMPLES)
def test_agent_of_an_example_can_be_executed(desk, name):
    for agent in load(
        {"AGENT_CONTROL_FILE": os.path.join(FOLDER, name)}, desk.environ, write_cache=False
    ).agents:
        assert os.access(agent.command[0], os.X_OK)


def test_entries_for_programs_of_others_are_valid_but_for_what_this_machine_lacks(desk, tmp_path):
    with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as file:
        block = re.search(r"```json\n(.*?)```", file.read(), re.DOTALL)
    assert block is not None
    path = tmp_path / "agents.json"
    path.write_text(block[1], encoding="utf-8")

    found = load({"AGENT_CONTROL_FILE": str(path)}, desk.environ, write_cache=False)

    assert [agent.name for agent in found.agents] == ["claude-1", "codex-1"]
    assert {agent.success for agent in found.agents} == {"exit_code"}
    assert found.notes == ()


class Run:
    def __init__(self, folder, prompt: str, *arguments: str) -> None:
        self.result_file = str(folder / "result.json")
        environ = {"TINYSCHEDULER_RESULT_FILE": self.result_file, "TINYSCHEDULER_TASK_ID": "7"}
        self.process = subprocess.Popen(
            [AGENT, *arguments],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(prompt.encode())
        self.process.stdin.close()

    def output(self) -> str:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            return stream.read().decode()

    def code(self) -> int:
        return self.process.wait(20)

    def result(self) -> dict[str, object] | None:
        if not os.path.exists(self.result_file):
            return None
        with open(self.result_file, encoding="utf-8") as file:
            found: dict[str, object] = json.load(file)
        return found


@pytest.mark.parametrize(
    ("prompt", "code", "status"),
    [
        ("Just a task", 0, "success"),
        ("Task\n\nsleep: 0.01 say: 3\n", 0, "success"),
        ("result: partial", 0, "partial"),
        ("result: failed", 0, "failed"),
        ("handoff: qa", 0, "handoff"),
        ("please fail: 3", 3, None),
        ("no-result", 0, None),
        ("crash", -signal.SIGKILL, None),
        ("say: $(id) sleep: -1 fail: x handoff: ../x result: great * `id`", 0, "success"),
        ("", 0, "success"),
    ],
)
def test_scripted_agent_obeys_its_prompt(tmp_path, prompt, code, status):
    """With an empty environment, as bare as cron can make it."""
    run = Run(tmp_path, prompt)
    output = run.output()

    assert run.code() == code
    assert "task 7, attempt 1: begun" in output
    found = run.result()
    assert (found and found["status"]) == status


def test_scripted_agent_obeys_its_arguments(tmp_path):
    run = Run(tmp_path, "", "fail:", "4")
    run.output()

    assert run.code() == 4


def test_hand_over_names_the_queue(tmp_path):
    run = Run(tmp_path, "handoff: qa")
    run.output()
    run.code()

    assert (run.result() or {})["to"] == {"queue": "qa"}


def test_bad_result_is_no_json(tmp_path):
    run = Run(tmp_path, "bad-result")
    run.output()

    assert run.code() == 0
    with pytest.raises(ValueError, match="Expecting"):
        run.result()


def test_stubborn_agent_survives_term(tmp_path):
    run = Run(tmp_path, "stubborn sleep: 1")
    assert run.process.stdout is not None
    assert run.process.stdout.readline()
    begun = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    run.output()

    assert run.code() == 0
    assert time.monotonic() - begun > 0.5
    assert (run.result() or {})["status"] == "success"


def test_a_prompt_in_a_file_is_obeyed_like_one_on_standard_input(tmp_path):
    """docs-1 of medium.json gets it so, and does what its task's title says."""
    prompt = tmp_path / "prompt.md"
    prompt.write_text("# docs task, handoff: qa\n")

    run = Run(tmp_path, "", "--prompt-file", str(prompt), "task", "7")
    run.output()

    assert run.code() == 0
    assert run.result() == {"status": "handoff", "summary": "to qa", "to": {"queue": "qa"}}
