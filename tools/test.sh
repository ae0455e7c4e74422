#!/bin/sh
# Installs what the tests need, builds everything with AddressSanitizer and UndefinedBehaviorSanitizer, and runs all tests.
# With --tsan first, the rooms that use threads are also built and run under ThreadSanitizer. ctest's summary comes last.
#
#   tools/test.sh [--tsan] [CTEST OPTION...]      e.g. tools/test.sh -R Ingest
set -eu
cd "$(dirname "$0")/.."

with_tsan=0
if [ "${1:-}" = --tsan ]; then
  with_tsan=1
  shift
fi

tools/setup.sh --tests
jobs=$(nproc 2>/dev/null || echo 2)
failed=0

cmake --preset dev --log-level=WARNING >&2
cmake --build build/dev -j "$jobs" >&2

# Data races can only hide where threads are.
threaded="base rules capture wire"
if [ "$with_tsan" = 1 ]; then
  cmake --preset tsan --log-level=WARNING >&2
  for room in $threaded; do
    ls tests/"$room"/*_test.cc >/dev/null 2>&1 || continue
    cmake --build build/tsan -j "$jobs" --target "test_$room" >&2
    echo "== ThreadSanitizer: tests of $room"
    "build/tsan/tests/test_$room" --gtest_brief=1 || failed=1
  done
fi

ctest --preset dev -j "$jobs" "$@" || failed=1
if [ "$failed" != 0 ]; then echo "test.sh: FAILED" >&2; fi
exit "$failed"
