#!/bin/sh
# Usage: setup.sh FOLDER LOCK_FILE  (both relative to the repository)
#
# Finds an interpreter and lets tools/environment.py make the environment. Apart from the
# launcher because the Makefile needs it too, and because it runs once, not every minute.
set -eu

tools=$(CDPATH='' cd -P -- "${0%/*}" && pwd)

# Prints the real path of an interpreter that is new enough and complete enough. The real path
# matters twice: a pyenv shim costs 90 ms at every start, and /usr/bin/python3 becomes another
# version in a system upgrade, whereas python3.11 then goes away, which the launcher notices.
probe='
import sys
assert sys.version_info >= (3, 11)
import fcntl, os, ssl, venv
print(os.path.realpath(sys.executable))
'

# "python3" first: it is what the machine's owner chose.
for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if python=$("$name" -I -c "$probe" 2>/dev/null); then
        exec "$python" -I "$tools/environment.py" "$@"
    fi
done

echo "tinyscheduler: no complete Python 3.11 or newer found as python3 or python3.11 to python3.14 on PATH ($PATH)." >&2
echo "  To mend: install one (Debian: apt install python3) or put its folder on PATH, then start again." >&2
exit 2
