#!/bin/sh
# From a fresh checkout to findings: installs what is missing, builds the release binary, and reports on a real captured log.
#
#   tools/quickstart.sh [REPORT OPTION...]
#
# Run as root or as a user with sudo. Arguments go to `pgsieve report` in place of the shipped capture.
set -eu
cd "$(dirname "$0")/.."

tools/setup.sh
[ -f build/release/build.ninja ] || cmake --preset release >&2
cmake --build build/release --target pgsieve >&2

if [ $# -gt 0 ]; then
  exec build/release/pgsieve report "$@"
fi
build/release/pgsieve report fixtures/quickstart/postgresql.log \
  --schema fixtures/quickstart/schema.sql --stats fixtures/quickstart/statistics.json
echo "
The program is build/release/pgsieve. For your own log:  build/release/pgsieve report YOUR.log --schema SCHEMA.sql" >&2
