"""A desk to work at: a base folder of its own, an environment of its own, nothing of this machine."""

from __future__ import annotations

import io
import os
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from tinyscheduler.cli import config as config_command
from tinyscheduler.cli import validate as validate_command
from tinyscheduler.cli.context import Context
from tinyscheduler.config.load import load
from tinyscheduler.errors import ConfigError, Fault
from tinyscheduler.model.configuration import Configuration


class Said(NamedTuple):
    code: int
    text: str


class Desk:
    """Base folder, home and environment of one test."""

    def __init__(self, folder: str) -> None:
        self.base = os.path.join(folder, "base")
        self.home = os.path.join(folder, "home")
        os.mkdir(self.base)
        os.mkdir(self.home)
        self.environ = {"TINYSCHEDULER_HOME": self.base, "HOME": self.home}

    def path(self, name: str) -> str:
        return os.path.join(self.base, name)

    def write(self, name: str, content: str | bytes) -> str:
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path

    def load(
        self, flags: Mapping[str, str] | None = None, *, env_file: str | None = None, **environment: str
    ) -> Configuration:
        return load(flags or {}, self.with_settings(environment), env_file=env_file, write_cache=True)

    def faults(
        self, flags: Mapping[str, str] | None = None, *, env_file: str | None = None, **environment: str
    ) -> tuple[Fault, ...]:
        with pytest.raises(ConfigError) as caught:
            self.load(flags, env_file=env_file, **environment)
        assert caught.value.exit_code == 2
        return caught.value.faults

    def say(
        self, command: str, *arguments: str, flags: Mapping[str, str] | None = None, **environment: str
    ) -> Said:
        module = {"config": config_command, "validate-config": validate_command}[command]
        parser = ArgumentParser()
        module.add_arguments(parser)
        out, err = io.StringIO(), io.StringIO()
        environ = self.with_settings(environment)
        context = Context(environ, flags or {}, None, io.StringIO(), out, err)
        code = module.run(parser.parse_args(arguments), context)
        return Said(code, out.getvalue())

    def with_settings(self, environment: Mapping[str, str]) -> dict[str, str]:
        return self.environ | {f"TINYSCHEDULER_{name}": value for name, value in environment.items()}


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(os.path.realpath(tmp_path))
