"""Write the part of a page of documentation that is made from the program."""

from pathlib import Path


def put(page: Path, made: str, *, tool: str, flags: list[str]) -> int:
    """Between the marks of the tool; with ``--check`` write nothing, and return 1 when it is not current."""
    begin, end = (
        f"<!-- Made by tools/{tool}; do not edit. -->\n",
        f"<!-- End of what tools/{tool} makes. -->\n",
    )
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    new = f"{head}{begin}\n{made}\n{end}{tail}"
    if "--check" in flags:
        return 0 if text == new else 1
    page.write_text(new, encoding="utf-8")
    return 0
