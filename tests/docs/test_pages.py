"""Every page: links lead somewhere, nothing of one machine is named, drawings match the folders."""

import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import anchors_of, blocks_of, links_of, pages_of, read, rows_of

ROOT = Path(__file__).resolve().parents[2]
PAGES = [page.relative_to(ROOT).as_posix() for page in pages_of(ROOT)]

HOSTS = {"127.0.0.1", "github.com", "keepachangelog.com", "semver.org"}
"""Where a page may lead. Where libraries come from is the business of each machine."""
MACHINE_PATHS = re.compile(r"(?<![\w.~])/(?:root|work|home/(?!agents/|user/)\w+|Users/\w+|mnt|media)/")
"""Examples use /opt/agents and /home/agents, which are nobody's."""


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_a_file_and_a_heading(name: str) -> None:
    page = ROOT / name
    for link in links_of(read(page)):
        if "://" in link:
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page

        assert target.exists(), f"{name}: {link}"
        assert not anchor or anchor in anchors_of(read(target)), f"{name}: {link}"


@pytest.mark.parametrize("name", PAGES)
def test_page_names_no_strange_host_and_no_path_of_one_machine(name: str) -> None:
    text = read(ROOT / name)

    assert set(re.findall(r"https?://([\w.-]+\w)", text)) <= HOSTS
    assert MACHINE_PATHS.findall(text) == []


def test_every_decision_is_in_the_index_with_its_title() -> None:
    """To mend: add the row ``| [NNNN](file.md) title | one line |``."""
    folder = ROOT / "docs" / "decisions"
    listed = [row[0] for row in rows_of(read(folder / "README.md"))]
    there = []
    for page in sorted(folder.glob("0*.md")):
        number, _, title = read(page).partition("\n")[0].removeprefix("# ").partition(": ")
        there.append(f"[{number}]({page.name}) {title}")

    assert listed == there


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("docs/decisions/0")])
def test_decision_has_a_number_a_status_and_consequences(name: str) -> None:
    text = read(ROOT / name)

    assert text.startswith(f"# {Path(name).name[:4]}: ")
    assert re.search(r"^Status: (accepted|superseded by \d{4})$", text, re.MULTILINE)
    assert "\n## Consequences\n" in text


def test_every_page_is_reached_from_the_first_one() -> None:
    reached: set[Path] = set()
    left = [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in reached:
            continue
        reached.add(page)
        targets = [link.partition("#")[0] for link in links_of(read(page)) if "://" not in link]
        left += [(page.parent / t).resolve() for t in targets if t.endswith(".md")]

    missed = {name for name in PAGES if name.startswith("docs/") and ROOT / name not in reached}
    assert missed == set()


def test_drawn_tree_is_the_tree_that_is_there() -> None:
    drawn = drawn_paths(drawing("tinyscheduler  "))
    rooms = {f"src/tinyscheduler/{room.parent.name}" for room in ROOT.glob("src/tinyscheduler/*/__init__.py")}

    assert [path for path in drawn if not (ROOT / path).exists()] == []
    assert rooms <= set(drawn)


def test_drawn_layers_are_those_that_the_build_enforces() -> None:
    rules = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(rule["layers"] for rule in rules if rule["type"] == "layers")

    assert drawing("__main__").splitlines() == layers


def drawing(beginning: str) -> str:
    """The block of the architecture page that begins so."""
    page = read(ROOT / "docs" / "architecture.md")
    return next(block.body for block in blocks_of(page) if block.body.startswith(beginning))


def drawn_paths(tree: str) -> list[str]:
    """Names by their indentation, two blanks a level."""
    stack: list[str] = []
    paths = []
    for line in tree.splitlines():
        name = line.split()[0].rstrip("/")
        level = (len(line) - len(line.lstrip())) // 2
        stack[level:] = [name]
        paths.append("/".join(stack))
    return paths
