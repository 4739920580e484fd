"""Read every lease by json.load and every task by one SELECT into dicts.

Arguments: folder of the leases, database, query, and the values of its parameters as JSON.
"""

import json
import os
import sqlite3
import sys

folder, database, query, parents_query, values = sys.argv[1:]
leases = []
for name in os.listdir(folder):
    if name.endswith(".json"):
        with open(os.path.join(folder, name)) as file:
            leases.append(json.load(file))

connection = sqlite3.connect(database)
connection.row_factory = sqlite3.Row
tasks = [dict(row) for row in connection.execute(query, json.loads(values))]
parents = [dict(row) for row in connection.execute(parents_query)]
connection.close()
print(len(leases), len(tasks), len(parents))
