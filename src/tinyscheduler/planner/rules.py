"""Why a task is held: every reason of contracts.md once, in its order, as one table. First match wins.

The pass, ``--dry-run``, ``explain``, ``backlog`` and ``status`` read this table, and docs/reasons.md is
made from it. A rule's ``find`` is a pure function that stands with its like: ``task_holds`` looks at the
task and the world, ``agent_holds`` at those who could run it, ``turn_holds`` at what is left at its turn.
"""

from __future__ import annotations

from tinyscheduler.planner import (
    agent_holds,
    control_holds,
    dependency_holds,
    need_holds,
    task_holds,
    turn_holds,
)
from tinyscheduler.planner.rule import Rule

# One argument a line would make three hundred lines of this.
# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("estop", "the file `state/ESTOP` is there", "-", "`tinyscheduler estop --clear`, or remove it",
         task_holds.estop, needs="place"),
    Rule("paused", "a person has paused everything, its queue, the task, or every agent that could run it",
         "the end that was given with `--until`", "`tinyscheduler resume`, with what is paused",
         control_holds.paused, needs="place"),
    Rule("server_unknown", "the task server does not answer, or stopped answering in this pass",
         "the next pass asks again", "make it answer again", None, "looking"),
    Rule("queue_unknown", "the list that holds the task could not be read, or was cut at `MAX_FETCH`",
         "the next pass asks again", "mend the server; raise `MAX_FETCH` or the priority", None, "looking"),
    Rule("not_ours", "it is assigned to somebody who is no agent of ours", "-",
         "add the agent, or assign it to another", task_holds.not_ours, needs="place"),
    Rule("leased", "a run is in flight, or its lease cannot be read", "the end of its run",
         "wait, or mend the lease", task_holds.leased, needs="met"),
    Rule("settling",
         "its run has ended, the server is told next; or the ledger has an open run without a lease",
         "the next pass that reaches the server; 120 s", "wait", task_holds.settling, needs="met"),
    Rule("working_elsewhere",
         "it is not idle and no run of ours works on it: a person does, another scheduler, or one of the"
         " subtasks of an agent's task; or somebody was quicker", "its status is `idle` again",
         "when nobody does: `requeue TASK --reason TEXT`", task_holds.working_elsewhere, needs="own"),
    Rule("ledger_unreadable", "nobody can say what its runs have cost", "-", "mend or remove the ledger",
         task_holds.ledger_unreadable, needs="met"),
    Rule("parked",
         "too many runs failed, an exit code of `[retry] permanent` came, three successes changed nothing,"
         " or a person parked it", "-", "`retry TASK`; or change title, description, assignee or queue",
         task_holds.parked, needs="met"),
    Rule("disabled", "the scheduler, its agent, or every agent of its queue is switched off", "-",
         "`TINYSCHEDULER_ENABLED=true`; enable the agent", task_holds.disabled, needs="place"),
    Rule("parent_open",
         "it has subtasks that are not complete; where nobody has it, whatever its own status is",
         "the last of them is complete", "complete them", dependency_holds.parent_open, needs="met"),
    Rule("blocked", "it waits for other tasks, which are not complete: `blocked_by_task_id`, or `after`",
         "all of them are complete", "complete them", dependency_holds.blocked, needs="own"),
    Rule("dependency_failed",
         "a task it waits for is parked, archived without being complete, or gone; or that one waits for"
         " such a task", "-", "`tinyscheduler retry` the one that is named, or no longer wait for it",
         dependency_holds.dependency_failed, needs="own"),
    Rule("cycle", "it waits for itself, by way of others", "-",
         "take one of the tasks that are named out of what it waits for", dependency_holds.cycle,
         needs="own"),
    Rule("needs_approval", "it says that it needs approval, and nobody has approved it as it is now", "-",
         "`tinyscheduler approve TASK`", need_holds.needs_approval, needs="own"),
    Rule("not_before", "its last run failed a short time ago", "the time that is named",
         "wait, or `tinyscheduler retry TASK`; after a start that failed, mend its command",
         task_holds.not_before, needs="met"),
    Rule("cooldown", "every agent that could run it had it less than `RETRY_BASE_SEC` ago",
         "the time that is named", "wait, or `tinyscheduler retry TASK`", agent_holds.cooldown, needs="met"),
    Rule("no_recipe", "its agents have no command, or a value of their environment is not to be had; or the"
         " start was refused before anything ran", "-",
         "give the agent a command, or the value that is named", agent_holds.no_recipe, needs="place"),
    Rule("bad_task",
         "its id is not a name that can be used, or its tags or front matter say something that means"
         " nothing; or the task server has refused to let it be begun: its comments are longer than we read,"
         " its page is full", "-; after a refusal the time that is named",
         "mend what is named; ids are up to 64 of `A-Z a-z 0-9 _ -`", task_holds.bad_task, needs="own"),
    Rule("no_agent",
         "nobody serves its queue, its assignee is no enabled agent, or those who do have 0 slots", "-",
         "add an agent, or slots", agent_holds.no_agent, needs="place"),
    Rule("no_capability", "none of its agents has all the capabilities that it asks for", "-",
         "add them to `capabilities` of an agent, or take them out of the task", need_holds.no_capability,
         needs="place"),
    Rule("out_of_scope", "its scope is in that of none of its agents", "-",
         "add it to `scope` of an agent, or take it out of the task", need_holds.out_of_scope, needs="place"),
    Rule("path_held",
         "another run writes what it reads or writes, or reads what it writes; or an overdue task is to",
         "the end of that run", "wait, or `tinyscheduler stop` that task", need_holds.path_held, "both",
         "own"),
    Rule("goal_held", "another task of its goal runs, or is overdue", "the end of that run",
         "wait, or `tinyscheduler stop` that task", need_holds.goal_held, "both", "own"),
    Rule("account_limited",
         "the accounts of all agents that could run it are at their provider's limit, or one task tries"
         " whether they are open again", "the time that is named, or the end of the run that tries",
         "wait; an agent of another account; or `tinyscheduler retry TASK`: one task tries at once",
         agent_holds.account_limited, needs="place"),
    Rule("agent_quarantined",
         "every agent that could run it failed to start three times in a row and is left alone for 15"
         " minutes, or one task tries it again", "the time that is named, or the end of the run that tries",
         "mend its command, then `tinyscheduler retry TASK`: one task tries at once; or wait",
         agent_holds.agent_quarantined, needs="place"),
    Rule("inactive_hours", "its queue, or every agent that could run it, is outside of its active hours",
         "the next opening", "wait, or change `activeHours` in agent-control or `[hours]`",
         control_holds.inactive_hours, needs="place"),
    Rule("pressure", "the machine has enough to do with what runs: load, memory or swap space; or the queues"
         " are so full that fewer slots are used", "it has less to do; fewer tasks wait",
         "wait, or change `[pressure]`; complete tasks, or raise `MAX_QUEUE_DEPTH`",
         control_holds.pressure, "both", "rank"),
    Rule("disk", "less than `MIN_FREE_MB` are free, or what its start has to write could not be written",
         "there is room again", "free disk space, or lower it",
         task_holds.disk, needs="place"),
    Rule("resources",
         "the cores, memory or devices that it takes are taken, or kept for a task that has waited for 30"
         " minutes", "the end of a run", "wait, raise `[resources]`, or let it ask for less",
         need_holds.resources, "turn"),
    Rule("queue_cap", "its queue, or one of its tags, is at its cap", "the end of a run",
         "wait, or raise `QUEUE_LIMITS` or `TAG_LIMITS`", turn_holds.queue_cap, "turn"),
    Rule("agent_full", "every agent that could run it is at its slots, or its account at its cap",
         "the end of a run", "wait, or raise `maxConcurrency` or `ACCOUNT_LIMITS`", turn_holds.agent_full,
         "turn"),
    Rule("global_cap", "`MAX_PARALLEL` tasks run", "the end of a run", "wait, or raise it",
         turn_holds.global_cap, "turn"),
    Rule("pacing", "its account has started as many runs as it may in this pass: 4 at once, then 2 a second;"
         " or the pass had no time left, or applied a plan without it",
         "the next pass", "wait", None, "starting"),
    Rule("denied", "the command `[hooks] pre_start` said no, or could not answer",
         "it is asked again, first after `RETRY_BASE_SEC`", "do what it says; or `retry TASK`",
         control_holds.denied, needs="met"),
)
# fmt: on
"""Every reason once, in the order of ``HeldReason``; a test compares them."""
