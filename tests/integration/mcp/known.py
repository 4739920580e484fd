"""Who and what the tests of the client talk about."""

from __future__ import annotations

from tinyscheduler.model.ids import AgentName, QueueName, TaskId

DEV, QA = QueueName("dev"), QueueName("qa")
BOB, SUE = AgentName("bob"), AgentName("sue")
ONE = TaskId("1")
TOKEN = "hunter2-0123456789"
