"""A person with an editor, as a process: reads a task file, adds a line, saves, again and again.

Usage: person.py FILE COUNT rename|in-place
"""

from __future__ import annotations

import os
import sys
import time

FENCE = "---\n"
LIMIT_S = 5.0


def main(path: str, count: int, way: str) -> int:
    """Exit code 1 when a line that was saved is gone, and does not come back."""
    for number in range(count):
        head, body = read(path).split(f"\n{FENCE}", 1)
        save(path, f"{head}\n{FENCE}edit {way} {number}.\n{body}", way)
        if not all_there([f"edit {way} {saved}." for saved in range(number + 1)], path):
            print(f"lost:\n{read(path)}", file=sys.stderr)
            return 1
    return 0


def read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def all_there(lines: list[str], path: str) -> bool:
    """Somebody else may have the file in hand for a moment."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        text = read(path)
        if all(line in text for line in lines):
            return True
        time.sleep(0.001)
    return False


def save(path: str, text: str, way: str) -> None:
    """As vim does, or as nano does."""
    target = f"{path}.{os.getpid()}~" if way == "rename" else path
    with open(target, "w", encoding="utf-8") as file:
        file.write(text[: len(text) // 2])
        file.flush()
        file.write(text[len(text) // 2 :])
    if way == "rename":
        os.rename(target, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
