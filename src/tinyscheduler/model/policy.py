"""What the operator wants, compiled: numbers only, no files, no secrets."""

from typing import NamedTuple

from tinyscheduler.model.ids import QueueName


class Policy(NamedTuple):
    """The rules of one pass."""

    is_enabled: bool = True
    max_parallel: int = 5
    queue_caps: tuple[tuple[QueueName, int], ...] = ()
    account_caps: tuple[tuple[str, int], ...] = ()
    tag_caps: tuple[tuple[str, int], ...] = ()
    orders_blockers_first: bool = True
    """False with DISABLE_BLOCKING: the server's order is kept and blocked tasks are not counted first."""
    max_fetch: int = 10_000
    heartbeat_interval_s: int = 15
    hard_limit_s: int = 3600
    soft_limit_s: int | None = None
    grace_s: int = 5
    """Between TERM and KILL."""
    stall_s: int = 900
    """Silence of an agent before the first notice (features B5); 0: it is never looked at. Models think
    for minutes, hardly for a quarter of an hour without a word, a file or a tool."""
    stall_pause_s: int = 300
    """Between first and second notice, and between that and the end."""
    start_timeout_s: int = 30
    """How long a wrapper may take to adopt its lease before the pass revokes it. A cold start on a
    loaded machine takes seconds, an unreachable home folder never ends."""
    claim_timeout_s: int = 60
    """How long an unanswered claim may still take effect: the client's time limit and the longest
    stall of the public server (35 s and 30 s, tinytask 5)."""
    handover_grace_s: int = 120
    """How long the server may show something else than what was claimed before the run is ended (features
    B7): a hand-over is three calls of an agent that thinks in between."""
    lost_grace_s: int = 120
    """How long an open run may be seen without lease and processes before its task is given back
    (features A10): a lease that is put back from a copy is back by then."""
    max_attempts: int = 3
    retry_base_s: int = 60
    retry_max_s: int = 3600
    permanent_exits: tuple[int, ...] = ()
    """Exit codes by which an agent says that another attempt is of no use: parked at once."""
    retryable_exits: tuple[int, ...] = ()
    """Not empty: no other exit code is worth another attempt. Empty: all but ``permanent_exits`` are."""
    band_floors: tuple[float, float, float] = (10.0, 5.0, 0.0)
    """Least priorities of the bands critical, high and normal; what is below is low. A task without a
    priority has 0 and is normal."""
    band_weights: tuple[int, ...] = ()
    """Turns of critical, high, normal and low in one round; empty: strict order (features D8)."""
    ageing_s: int = 1800
    """After so long a wait a task counts one band higher, up to critical (features D9); 0: never."""
    overdue_s: int = 86_400
    """After so long a wait nothing but an older one goes first; 0: never, and then nothing bounds a wait."""
    max_queue_depth: int = 10_000
    """With how many waiting tasks the queues are full (features D14); 0: never."""
    stretches_critical: bool = False
    """The fuller the queues, the longer critical tasks may run (features D14)."""
    kills_max: int = 100
    """Per pass; a bad clock or a bad release must not end everybody at once (features A8)."""
    pass_limit_s: int = 50
    loop_interval_s: int = 60
    """From pass to pass; the steps of starvation are counted in it (features D15)."""
    min_free_mb: int = 500
    """No start without room for its lease and its log (features B13)."""
    queue_hours: tuple[tuple[QueueName, tuple[str, ...]], ...] = ()
    """Active hours of queues (``model.hours``); those that are not named are always open."""
    load_per_core_max: float = 0.0
    """Nothing starts above it (features D14); 0: not looked at, as with the next two."""
    free_memory_min_mb: int = 0
    swap_used_max_percent: int = 0
    pre_start: tuple[str, ...] = ()
    """Command that may say no to a start (features D18); empty: there is none."""
    output_max_bytes: int = 10_000_000
    output_files: int = 5
    cpu_total: float | None = None
    """Cores that runs may take together; None: those of the machine."""
    memory_total_mb: int | None = None
    """None: that of the machine."""
    gpu_total: int = 0
    is_legacy: bool = False
    """No agent-control: agents come from the limits and serve only tasks assigned to them (D5)."""
