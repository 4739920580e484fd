"""A real wrapper and real agents: how runs end, and what stands on disk then."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.wrapping import RESULT, Stage, is_alive
from tinyscheduler.model.lease import AGENT_ENV_PREFIX, LEASE_VARIABLE, OutcomeClass


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.clear()


@pytest.mark.parametrize(
    ("script", "expected", "code", "number"),
    [
        ("exit 0", "succeeded", 0, None),
        ("exit 3", "failed", 3, None),
        ("exit 75", "deferred", 75, None),
        ("kill -SEGV $$", "killed", None, signal.SIGSEGV),
    ],
)
def test_the_lease_says_how_the_agent_ended(
    stage: Stage, script: str, expected: OutcomeClass, code: int | None, number: int | None
) -> None:
    outcome = stage.run(stage.sh(script))

    assert (outcome.kind, outcome.code, outcome.signal) == (expected, code, number)
    assert stage.wrappers[0].returncode == 0
    assert stage.tree() == ()


def test_exit_status_0_is_no_result_where_one_is_due(stage: Stage) -> None:
    assert stage.run(stage.sh("exit 0", success="result")).kind == "no_result"


def test_a_result_counts_even_if_the_agent_fails_on_its_way_out(stage: Stage) -> None:
    """The result is the agent's word on the work; many programs stumble when they leave."""
    order = stage.sh(f"""echo '{{"status": "success", "summary": "fixed"}}' > {RESULT}; exit 3""")

    outcome = stage.run(order)

    assert (outcome.kind, outcome.summary, outcome.code) == ("succeeded", "fixed", 3)


def test_half_a_result_is_none_and_the_outcome_says_so(stage: Stage) -> None:
    outcome = stage.run(stage.sh(f"""printf '{{"status": "succ' > {RESULT}""", success="result"))

    assert outcome.kind == "no_result"
    assert "not JSON" in outcome.summary


def test_a_result_written_before_hanging_is_kept_when_the_limit_ends_the_agent(stage: Stage) -> None:
    """Finished work is not done again (design 6; features B11)."""
    order = stage.sh(f"""echo '{{"status": "success", "summary": "fixed"}}' > {RESULT}; sleep 99""", hard_s=1)

    outcome = stage.run(order)

    assert (outcome.kind, outcome.summary) == ("succeeded", "fixed")
    assert stage.tree() == ()


def test_artifacts_are_paths_of_the_workspace_the_agent_worked_in(stage: Stage) -> None:
    result = '{"status": "success", "artifacts": ["made.txt", "out/passwd", "../x", "https://h/x"]}'

    outcome = stage.run(stage.sh(f"ln -s /etc out; echo '{result}' > {RESULT}"))

    assert outcome.artifacts == ("made.txt", "https://h/x")
    assert outcome.summary == "(2 artifacts outside the workspace left out)"


def test_the_finished_lease_keeps_everything_the_pass_wrote(stage: Stage) -> None:
    stage.run(stage.sh("echo hi"))

    before, after = stage.new_lease(), stage.lease()
    assert (after.generation, after.attempt, after.claim) == (before.generation, before.attempt, before.claim)
    assert (after.created_at, after.lease_id) == (before.created_at, before.lease_id)
    assert after.wrapper_pid == stage.wrappers[0].pid
    assert after.heartbeat_at > before.heartbeat_at
    assert after.progress_at is not None


def test_the_agent_gets_its_prompt_and_then_the_end_of_input(stage: Stage) -> None:
    path = stage.lay(stage.order("/bin/cat"), prompt="fix the bug\n")
    stage.wrap(path).wait(20)

    assert stage.outcome().kind == "succeeded"
    assert stage.output().endswith("Z fix the bug\n")


def test_an_agent_without_input_gets_none(stage: Stage) -> None:
    stage.run(stage.order("/bin/cat", stdin="none"))

    assert stage.output() == ""


def test_the_agent_sees_the_named_variables_and_the_tag_and_nothing_else(stage: Stage) -> None:
    """Features F9 and law 11: its own values travel under a prefix, and none of ours leaks."""
    order = stage.order("/usr/bin/env", env_names=("PATH", "KEY", "LANG", "MISSING", "PWD"))
    environ = {
        "LANG": "C.UTF-8",
        "KEY": "the pass's own",
        f"{AGENT_ENV_PREFIX}KEY": "the agent's",
        "OTHER_SECRET": "never",
        "PWD": "/somewhere/else",
    }

    stage.run(order, environ)

    seen = dict(line.split(" ", 1)[1].split("=", 1) for line in stage.output().splitlines())
    assert seen == {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "KEY": "the agent's",
        "PWD": str(stage.workspace),
        LEASE_VARIABLE: stage.tag,
    }


def test_the_agent_has_a_session_a_folder_and_only_three_descriptors(stage: Stage) -> None:
    """Also when whoever started the wrapper left something open, a lock for example."""
    path = stage.lay(
        stage.py("import os; print(os.getpid() == os.getsid(0), os.getcwd(), os.listdir('/proc/self/fd'))")
    )
    with open(path, "rb") as leaked:
        stage.wrap(path, leaked=(leaked.fileno(),)).wait(20)

    # The fourth is the listed folder itself.
    assert stage.output().split(" ", 1)[1] == f"True {stage.workspace} ['0', '1', '2', '3']\n"


def test_the_agent_gets_every_signal_as_the_system_delivers_it(stage: Stage) -> None:
    """Python ignores SIGPIPE; an agent that inherits that writes into closed pipes for ever."""
    stage.run(stage.order("/bin/grep", "-E", "SigIgn|SigBlk", "/proc/self/status"))

    masks = [int(line.split()[-1], 16) for line in stage.output().splitlines()]
    # 32 and 33 belong to the C library, which has posix_spawn ignore them until they are needed.
    assert [mask & ~(0b11 << 31) for mask in masks] == [0, 0]


def test_argv_meets_no_shell(stage: Stage) -> None:
    stage.run(stage.order("/bin/echo", "$(id)", ";", "a b", "'"))

    assert stage.output().endswith("Z $(id) ; a b '\n")


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["/nonexistent/agent"], "/nonexistent/agent"),
        (["no-such-agent"], "no-such-agent"),
        (["/etc/passwd"], "/etc/passwd"),
        (["/"], "/"),
    ],
)
def test_an_agent_that_cannot_be_executed_is_named(stage: Stage, argv: list[str], named: str) -> None:
    outcome = stage.run(stage.order(*argv))

    assert outcome.kind == "start_failed"
    assert named in outcome.summary
    assert stage.lease().agent_pid is None


def test_a_script_without_its_interpreter_says_so(stage: Stage) -> None:
    script = stage.workspace / "agent"
    script.write_text("#!/nonexistent/python\n")
    script.chmod(0o700)

    outcome = stage.run(stage.order("./agent"))

    assert outcome.kind == "start_failed"
    assert "interpreter" in outcome.summary


def test_a_missing_workspace_is_a_failed_start(stage: Stage) -> None:
    outcome = stage.run(stage.sh("true", cwd=str(stage.folder / "gone")))

    assert outcome.kind == "start_failed"
    assert str(stage.folder / "gone") in outcome.summary


def test_a_prompt_that_is_gone_is_a_failed_start(stage: Stage) -> None:
    path = stage.lay(stage.sh("true"))
    (stage.run_folder / "prompt.md").unlink()
    stage.wrap(path).wait(20)

    assert stage.outcome().kind == "start_failed"
    assert "prompt.md" in stage.outcome().summary


def test_a_program_being_replaced_is_tried_again(stage: Stage) -> None:
    """ETXTBSY: an update of the agent writes its binary at this moment (features C2)."""
    program = stage.workspace / "agent"
    program.write_bytes(Path("/bin/true").read_bytes())
    program.chmod(stat.S_IRWXU)
    held_open = os.open(program, os.O_WRONLY)

    try:
        outcome = stage.run(stage.order("./agent"))
    finally:
        os.close(held_open)

    assert outcome.kind == "start_failed"
    assert "busy" in outcome.summary.lower()
    assert stage.run_seconds() >= 0.2


def test_a_grandchild_in_a_session_of_its_own_dies_with_the_run(stage: Stage) -> None:
    """Features B8: whoever called setsid still carries the tag."""
    daemon = "setsid sh -c 'echo $$ > pid; exec sleep 99' >/dev/null 2>&1 &"
    order = stage.sh(f"{daemon} while [ ! -s pid ]; do sleep 0.02; done")

    outcome = stage.run(order)

    assert outcome.kind == "succeeded"
    assert not is_alive(stage.pid_in("pid"))


@pytest.mark.parametrize(
    ("content", "named"), [(None, "cannot be read"), ("{", "is not usable"), ("{}", "schema")]
)
def test_a_bad_order_is_one_clear_line(stage: Stage, content: str | None, named: str) -> None:
    path = Path(stage.lay(stage.sh("true")))
    path.unlink()
    if content is not None:
        path.write_text(content)

    wrapper = stage.wrap(str(path))

    assert wrapper.wait(20) == 2
    assert len(stage.words().splitlines()) == 1
    assert named in stage.words()
    assert str(path) in stage.words()
    assert stage.lease() == stage.new_lease()
    assert stage.leases.owner(stage.task_id) is None
