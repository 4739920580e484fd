"""Give every task back by the statements of a pass, and unlink its lease.

Arguments: folder of the leases, database, agent.
"""

import os
import sqlite3
import sys

folder, database, agent = sys.argv[1:]
connection = sqlite3.connect(database, isolation_level=None)
connection.row_factory = sqlite3.Row
connection.execute("PRAGMA synchronous = FULL")

for name in os.listdir(folder):
    if not name.endswith(".json"):
        continue
    task_id = int(name.removeprefix("task_").removesuffix(".json"))
    task = dict(connection.execute("SELECT * FROM tasks WHERE id = ?", (task_id,)).fetchone())
    comments = connection.execute("SELECT * FROM comments WHERE task_id = ?", (task_id,)).fetchall()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE tasks SET status = 'idle' WHERE id = ? AND assigned_to = ?", (task_id, agent))
    connection.execute(
        "INSERT INTO comments (task_id, content, created_by, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        (task_id, "its wrapper is dead", agent, task["created_at"], task["created_at"]),
    )
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE tasks SET assigned_to = NULL WHERE id = ?", (task_id,))
    connection.execute("COMMIT")
    os.unlink(os.path.join(folder, name))
connection.close()
