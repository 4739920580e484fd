"""One of our processes, writing into a task file: status there and back, and a remark each time.

Usage: writer.py FOLDER TASK COUNT NAME
"""

from __future__ import annotations

import sys

from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.model.ids import TaskId


def main(folder: str, task_id: str, count: int, name: str) -> int:
    """Exit code 0: every write was answered."""
    server = MarkdownTaskServer(folder)
    for number in range(count):
        server.update(TaskId(task_id), status=("working", "idle")[number % 2])
        server.comment(TaskId(task_id), f"{name} says {number}.", name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
