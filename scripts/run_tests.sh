#!/bin/sh
# Runs the tests by several workers, and the few that failed once more, alone on the machine: towns of
# gateways keep each other waiting when it is full. Who fails twice fails. Who passes the second time
# is printed with its failure all the same, and is to be mended.
set -u
python=.venv/bin/python
several=5

"$python" -m pytest -n "${WORKERS:-3}" --dist loadfile "$@"
status=$?
[ "$status" -eq 1 ] || exit "$status"

failed=$("$python" -c 'import json; print(len(json.load(open(".pytest_cache/v/cache/lastfailed"))))') || exit 1
[ "$failed" -le "$several" ] || exit 1
echo "$failed failed beside others, see above; now without others:"
exec "$python" -m pytest --last-failed --last-failed-no-failures none "$@"
