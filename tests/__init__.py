"""Tests; a package so that they can say ``from tests.builders import a_task``."""
