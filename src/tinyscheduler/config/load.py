"""The front door: settings in, one compiled Configuration out. The hot path of every pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.config import cache, sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinyscheduler.errors import Fault
    from tinyscheduler.model.configuration import Configuration


def load(
    argv_overrides: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    env_file: str | None = None,
    write_cache: bool,
) -> Configuration:
    """What the operator wants now.

    ``argv_overrides`` are texts by setting name (``flags.SETTING_FLAGS``). Without ``write_cache``
    nothing at all is written: that is for dry runs and for commands that only look.

    Raises:
        ConfigError: with every fault of every source.
    """
    inputs = sources.gather(argv_overrides, environ, env_file)
    wanted = cache.key(inputs)
    # Faults first: half of an .env that cannot be read may look like an older, whole one.
    kept = None if inputs.faults else _still_true(cache.read(cache.likely_path(inputs), wanted))
    return kept or _compile(inputs, wanted, write_cache=write_cache)


def last_good(
    argv_overrides: Mapping[str, str], environ: Mapping[str, str], *, env_file: str | None = None
) -> Configuration | None:
    """What held before the settings of now, which do not; None: nobody knows. Writes nothing.

    Only to look: a pass that worked with it would do what the operator has taken back.
    """
    kept = cache.read(cache.likely_path(sources.gather(argv_overrides, environ, env_file)))
    return None if kept is None else kept.configuration


def _still_true(kept: cache.Kept | None) -> Configuration | None:
    """The entry, if the agent-control file is still the one it was made from."""
    if kept is None:
        return None
    faults: list[Fault] = []
    path = kept.configuration.places.agent_control_file
    data = sources.read_operator_file(path, sources.CONTROL_FILE_MAX_BYTES, faults)
    if faults or cache.digest(data) != kept.agent_control:
        return None
    return kept.configuration


def _compile(inputs: sources.Inputs, wanted: str, *, write_cache: bool) -> Configuration:
    from tinyscheduler.config.compile import compile_inputs

    compiled = compile_inputs(inputs)
    # However a dry run was asked for, it writes nothing (features A3).
    if write_cache and not compiled.configuration.is_dry_run:
        path = f"{compiled.configuration.places.cache}/{cache.FILE_NAME}"
        cache.write(path, wanted, cache.Kept(compiled.configuration, cache.digest(compiled.agent_control)))
    return compiled.configuration
