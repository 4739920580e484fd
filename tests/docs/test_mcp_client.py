"""The page about traps of task servers: each test that it names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = "tests/integration/mcp/"
NAMED = re.compile(r"`([\w/]+\.py)(?:::(test_\w+))?`")


def test_each_test_that_is_named_exists() -> None:
    page = (ROOT / "docs" / "mcp-client.md").read_text(encoding="utf-8")

    named = NAMED.findall(page)

    assert len(named) > 20
    for file, test in named:
        path = ROOT / (file if file.startswith("tests/") else HOME + file)
        assert path.exists(), file
        assert f"def {test}(" in path.read_text(encoding="utf-8") or not test, f"{file}: {test}"
