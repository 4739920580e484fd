"""``docs/configuration.md`` and ``.env.example`` name every setting as it is.

Both are rendered from ``config.settings``. After a change there, write them anew with
``PYTHONPATH=src .venv-dev/bin/python tests/docs/test_settings_are_documented.py``.
"""

from __future__ import annotations

import os

from tinyscheduler.config.load import load
from tinyscheduler.config.reference import env_example, markdown_table, setting_rows
from tinyscheduler.config.schedule_tables import schedules_markdown
from tinyscheduler.config.tables import tables_markdown

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "configuration.md")
EXAMPLE = os.path.join(ROOT, ".env.example")
BEGIN = "<!-- settings: made by tests/docs/test_settings_are_documented.py -->\n"
END = "<!-- end of settings -->\n"
BEGIN_OF_TABLES = "<!-- tables: made by tests/docs/test_settings_are_documented.py -->\n"
END_OF_TABLES = "<!-- end of tables -->\n"
BEGIN_OF_SCHEDULES = "<!-- schedules: made by tests/docs/test_settings_are_documented.py -->\n"
END_OF_SCHEDULES = "<!-- end of schedules -->\n"


def read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_page_has_the_table_of_all_settings():
    assert BEGIN + markdown_table() + END in read(PAGE)


def test_page_has_every_key_of_every_table():
    assert BEGIN_OF_TABLES + tables_markdown() + END_OF_TABLES in read(PAGE)


def test_page_has_every_key_of_a_schedule():
    assert BEGIN_OF_SCHEDULES + schedules_markdown() + END_OF_SCHEDULES in read(PAGE)


def test_env_example_is_complete():
    assert read(EXAMPLE) == env_example()


def test_every_row_says_all_that_a_reader_needs():
    for row in setting_rows():
        told = (row.variable, row.meaning, row.wants, row.default)

        assert all(told), row.name
        assert f"`{row.variable}`" in markdown_table()
        assert row.toml_key == row.name.lower() or row.name in {"BASE_PATH", "MCP_HEADERS"}


def test_env_example_uncommented_changes_nothing(tmp_path):
    """What the file shows as defaults are the defaults, and all of it can be read."""
    environ = {"TINYSCHEDULER_HOME": str(tmp_path), "HOME": str(tmp_path)}
    without = load({}, environ, write_cache=False)
    lines = read(EXAMPLE).splitlines()
    shown = [line.removeprefix("#") for line in lines if line.startswith("#TINYSCHEDULER_")]
    (tmp_path / ".env").write_text("\n".join(shown))

    assert len(shown) == len(setting_rows())
    assert load({}, environ, write_cache=False) == without


def main() -> None:
    page = read(PAGE)
    for begin, made, end in (
        (BEGIN, markdown_table(), END),
        (BEGIN_OF_TABLES, tables_markdown(), END_OF_TABLES),
        (BEGIN_OF_SCHEDULES, schedules_markdown(), END_OF_SCHEDULES),
    ):
        head, _, rest = page.partition(begin)
        page = head + begin + made + end + rest.partition(end)[2]
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)
    with open(EXAMPLE, "w", encoding="utf-8") as file:
        file.write(env_example())


if __name__ == "__main__":
    main()
