"""Start every command of a JSON file, as ``[[argv, environment], ...]``, and leave."""

import json
import subprocess
import sys

with open(sys.argv[1]) as file:
    commands = json.load(file)
for argv, environment in commands:
    subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
