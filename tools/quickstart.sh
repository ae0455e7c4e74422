#!/bin/sh
# From a fresh checkout to findings: installs what is missing, builds the release binary, and reports on a real captured log.
#
#   tools/quickstart.sh [REPORT OPTION...]
#
# Run as root or as a user with sudo. Arguments go to `pgsieve report` in place of the shipped capture.
set -eu
cd "$(dirname "$0")/.."

tools/setup.sh
# Configured each time (it takes a moment): a library that has come since the last time is used, a changed preset holds.
cmake --preset release --log-level=WARNING >&2
cmake --build build/release >&2

if [ $# -gt 0 ]; then
  exec build/release/pgsieve report "$@"
fi
build/release/pgsieve report fixtures/quickstart/postgresql.log \
  --schema fixtures/quickstart/schema.sql --stats fixtures/quickstart/statistics.json
echo "
The program is build/release/pgsieve. For your own log:  build/release/pgsieve report YOUR.log --schema SCHEMA.sql" >&2
