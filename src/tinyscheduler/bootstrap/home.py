"""The task server of those who ask none: a store of our own, or a folder of Markdown files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.model.configuration import Configuration

if TYPE_CHECKING:
    from tinyscheduler.adapters.embedded import EmbeddedTaskServer
    from tinyscheduler.adapters.markdown import MarkdownTaskServer


def at_home(configuration: Configuration, *, is_read_only: bool) -> EmbeddedTaskServer | MarkdownTaskServer:
    """For passes and for ``task``. ``is_read_only``: no file is made or touched."""
    folder = configuration.connection.folder
    if folder is not None:
        from tinyscheduler.adapters.markdown import MarkdownTaskServer

        return MarkdownTaskServer(folder, is_read_only=is_read_only)
    from tinyscheduler.adapters.embedded import EmbeddedTaskServer

    return EmbeddedTaskServer(
        configuration.places.tasks_db,
        read_only=is_read_only,
        depth_max=configuration.policy.max_queue_depth,
    )
