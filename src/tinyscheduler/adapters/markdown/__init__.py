"""Room rule: a folder of Markdown files as a task server; one file is one task (features G5, ADR 0029).

In here: what a page says (``page``, ``values``, ``remarks``: pure), which files are which tasks (``shelf``),
how one is rewritten although a person may save it at the same time (``writing``), and the port (``server``).
Must not come in: anything about leases, or what a task means to a pass.
"""

from tinyscheduler.adapters.markdown.server import MarkdownTaskServer

__all__ = ["MarkdownTaskServer"]
