"""What agents may do and take, as the operator writes it: ``scope`` and ``resources`` of an agent, and the
table ``[resources]`` (features D12, D13). Cold path only."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tinyscheduler.config.about_key import AboutKey
from tinyscheduler.model.resources import Resources
from tinyscheduler.planner.front_matter_values import Slip
from tinyscheduler.planner.hint_values import CPU_MAX, GPU_MAX, MEMORY_MB_MAX, scope

SCOPE_WANTED = 'a list of names, with / between their parts, like ["web", "api/public"]'
RESOURCES_WANTED = '{"cpu": 2, "memory_mb": 4096, "gpu": 0}, or some of them'

_CPU = f"cores, above 0, at most {CPU_MAX:g}"
_MEMORY_MB = f"megabytes from 1 to {MEMORY_MB_MAX}"


def as_list(value: object) -> object:
    """One name may stand where a list of them may."""
    return [value] if isinstance(value, str) else value


def _check_scope(value: str) -> str:
    try:
        return scope(value)
    except Slip as slip:
        raise ValueError(slip.remedy) from slip


ScopeList = Annotated[list[Annotated[str, AfterValidator(_check_scope)]], BeforeValidator(as_list)]


class ResourcesEntry(BaseModel):
    """``resources`` of one agent: what each of its runs takes."""

    model_config = ConfigDict(strict=True, extra="forbid")
    cpu: Annotated[float, Field(ge=0, le=CPU_MAX, allow_inf_nan=False)] = 0.0
    memory_mb: Annotated[int, Field(ge=0, le=MEMORY_MB_MAX)] = 0
    gpu: Annotated[int, Field(ge=0, le=GPU_MAX)] = 0

    def compiled(self) -> Resources:
        """As the planner has it."""
        return Resources(self.cpu, self.memory_mb, self.gpu)


class ResourcesTable(BaseModel):
    """``[resources]``: what runs may take of the machine together."""

    model_config = ConfigDict(strict=True, extra="forbid")
    cpu: Annotated[
        Annotated[float, Field(gt=0, le=CPU_MAX, allow_inf_nan=False)] | None,
        AboutKey("Cores for all runs together. Not set: those of the machine.", _CPU),
    ] = None
    memory_mb: Annotated[
        Annotated[int, Field(ge=1, le=MEMORY_MB_MAX)] | None,
        AboutKey("Memory for all runs together. Not set: that of the machine.", _MEMORY_MB),
    ] = None
    gpu: Annotated[
        int,
        Field(ge=0, le=GPU_MAX),
        AboutKey("Graphics cards, or other devices, for all runs together.", f"0 to {GPU_MAX}"),
    ] = 0
