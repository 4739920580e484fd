"""The launcher once set up: from anywhere, for anyone, quietly, and for next to nothing."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.launcher.house import Supplies, build_house, start, told


@pytest.fixture(scope="module")
def house(supplies: Supplies, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house that is set up, with a blank in its path; tests must not change it."""
    house = build_house(tmp_path_factory.mktemp("launcher") / "a house", supplies)
    finished = start(house / "tinyscheduler", environment=supplies.environment)
    assert finished.returncode == 0, finished.stderr
    return house


def test_empty_environment_is_enough(house: Path) -> None:
    """Cron gives next to nothing; the agents still need a PATH."""
    facts = told(start(house / "tinyscheduler", environment={}, cwd=Path("/")))

    assert facts["home"] == str(house)
    assert facts["environment"]["PATH"]
    assert facts["encoding"] == "utf-8"


@pytest.mark.parametrize(
    "links",
    [
        pytest.param([("link", "{house}/tinyscheduler")], id="absolute-link"),
        pytest.param([("link", "there"), ("there", "{house}/tinyscheduler")], id="chain"),
        pytest.param(
            [("link", "sub dir/x"), ("sub dir/x", "../y"), ("y", "{house}/tinyscheduler")], id="relative"
        ),
        pytest.param([("folder", "{house}"), ("link", "folder/tinyscheduler")], id="through-linked-folder"),
    ],
)
def test_launcher_finds_its_folder_through_links(
    house: Path, tmp_path: Path, links: list[tuple[str, str]]
) -> None:
    for name, target in links:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(target.format(house=house))

    facts = told(start(tmp_path / "link", environment={}, cwd=Path("/")))

    assert facts["home"] == str(house)


@pytest.mark.parametrize("command", [["./tinyscheduler"], ["sh", "tinyscheduler"], ["tinyscheduler"]])
def test_launcher_finds_its_folder_by_every_way_of_calling(house: Path, command: list[str]) -> None:
    environment = {"PATH": f"{house}:/usr/bin:/bin"}

    facts = told(start(Path(command[0]), *command[1:], environment=environment, cwd=house))

    assert facts["home"] == str(house)


def test_arguments_input_and_environment_pass_through_unchanged(house: Path, tmp_path: Path) -> None:
    arguments = ["task", "add", "two words", "", "*", "$HOME", "--", "-n", "é\u2028"]
    environment = {"TINYSCHEDULER_LOG_LEVEL": "debug", "TINYSCHEDULER_HOME": "/elsewhere"}

    facts = told(
        start(house / "tinyscheduler", *arguments, environment=environment, cwd=tmp_path, given="a prompt")
    )

    assert (facts["argv"], facts["stdin"], facts["cwd"]) == (arguments, "a prompt", str(tmp_path))
    assert facts["environment"]["TINYSCHEDULER_LOG_LEVEL"] == "debug"
    assert facts["home"] == str(house)


def test_exit_code_is_the_programs(house: Path) -> None:
    finished = start(house / "tinyscheduler", environment={"EXIT_WITH": "75"})

    assert finished.returncode == 75


def test_no_foreign_folder_can_slip_a_module_in(house: Path, tmp_path: Path) -> None:
    """Cron's current folder may be writable for others, PYTHONPATH may be another program's."""
    for name in ("json.py", "tinylib.py", "tinyscheduler.py"):
        (tmp_path / name).write_text("raise SystemExit('slipped in')\n")

    facts = told(start(house / "tinyscheduler", environment={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path))

    assert all(file.startswith(str(house)) for file in facts["files"])


def test_copied_house_runs_its_own_source(house: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(house, copy, symlinks=True)

    facts = told(start(copy / "tinyscheduler", environment={}))

    assert facts["files"][0] == str(copy / "src/tinyscheduler/part.py")


def test_launcher_needs_no_write_access(house: Path, tmp_path: Path) -> None:
    """The folder may belong to root and the pass to a user of its own."""
    copy = tmp_path / "copy"
    shutil.copytree(house, copy, symlinks=True)
    subprocess.run(["chmod", "-R", "a-w", copy], check=True)
    try:
        finished = start_without_privileges(copy)
    finally:
        subprocess.run(["chmod", "-R", "u+w", copy], check=True)

    assert told(finished)["home"] == str(copy)


def start_without_privileges(house: Path) -> subprocess.CompletedProcess[str]:
    """Run the launcher such that file modes bind, for root as well."""
    command = ["/bin/sh", "-c", '! touch "$1/probe" 2>/dev/null && exec "$1/tinyscheduler"', "sh", str(house)]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    return start(Path(command[0]), *command[1:], environment={"PATH": "/usr/bin:/bin"})


def test_start_costs_less_than_10_ms_on_top_of_python(house: Path, tmp_path: Path) -> None:
    """The fastest of many, because a busy machine only ever adds."""
    copy = tmp_path / "copy"
    shutil.copytree(house, copy, symlinks=True)
    (copy / "src/tinyscheduler/__main__.py").write_text("")
    commands = {"launcher": [f"{copy}/tinyscheduler"], "python": [f"{copy}/.venv/bin/python", "-c", "pass"]}
    fastest = dict.fromkeys(commands, float("inf"))

    for _ in range(30):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, env={}, check=True)
            fastest[name] = min(fastest[name], time.perf_counter() - began)

    assert fastest["launcher"] - fastest["python"] < 0.010
