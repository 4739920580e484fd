"""What the tests of JSON from a server share."""


def a_row(**given: object) -> dict[str, object]:
    """All 16 keys of the public server, and its extra one."""
    return {
        "id": 2, "title": "Review parser", "description": None, "status": "idle",
        "assigned_to": "bob", "previous_assigned_to": None, "created_by": "alice", "priority": 9,
        "tags": [], "parent_task_id": None, "queue_name": "dev", "blocked_by_task_id": 1,
        "created_at": "2026-11-20T13:04:20Z", "updated_at": "2026-11-20T13:04:21Z",
        "archived_at": None, "is_currently_blocked": True, **given,
    }  # fmt: skip
