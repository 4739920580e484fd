"""The folders of these tests are in memory, where there is room."""

from tests.folders import tmp_path

__all__ = ["tmp_path"]
