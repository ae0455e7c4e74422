#!/bin/sh
# Installs what pgsieve needs from the distribution's packages: Debian 12 and 13, Ubuntu 24.04 and newer.
#
#   tools/setup.sh            what the program needs to build
#   tools/setup.sh --tests    and what its tests need
#
# Only packages that are missing are installed; when none is, this takes a moment and changes nothing.
set -eu

build="cmake g++ ninja-build pkg-config git
  libpg-query-dev libprotobuf-c-dev
  libfmt-dev libcli11-dev libsimdjson-dev libtomlplusplus-dev libsqlite3-dev libxxhash-dev
  zlib1g-dev libzstd-dev libarchive-dev libssl-dev"
# Used when present: faster gzip, faster rebuilds. A distribution without them is no obstacle.
optional="libisal-dev ccache"
tests="man-db mandoc zsh fish libgtest-dev libgmock-dev nlohmann-json3-dev libpq-dev postgresql sqlite3 python3 shellcheck"

wanted=$build
while [ $# -gt 0 ]; do
  case $1 in
    --tests) wanted="$wanted $tests" ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "setup.sh: unknown option '$1' (known: --tests)" >&2; exit 2 ;;
  esac
  shift
done

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
  echo "setup.sh: this system has no apt. Install the counterparts of these packages, then run cmake yourself:" >&2
  echo "$wanted" | tr -s ' \n' ' ' >&2
  exit 1
fi

# A package that another one provides (postgresql-contrib on some systems) counts as installed.
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null |
  sed -n 's/^installed //p' | sed 's/([^)]*)//g; s/,/ /g' | tr -s ' ' '\n' | sort -u)

missing_of() {
  for package in "$@"; do
    echo "$installed" | grep -qx "$package" || printf '%s ' "$package"
  done
}

# shellcheck disable=SC2086  # the lists are meant to be split
missing=$(missing_of $wanted)
# shellcheck disable=SC2086
missing_optional=$(missing_of $optional)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1; then
  as_root="sudo"
else
  echo "setup.sh: these packages are missing and can only be installed by root (there is no sudo here):" >&2
  echo "  apt-get install $missing" >&2
  exit 1
fi

echo "setup.sh: installing $missing" >&2
export DEBIAN_FRONTEND=noninteractive
as_root_apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }
as_root_apt update >&2
# shellcheck disable=SC2086
as_root_apt install -y --no-install-recommends $missing >&2
for package in $missing_optional; do
  as_root_apt install -y --no-install-recommends "$package" >&2 ||
    echo "setup.sh: going on without $package, which is optional" >&2
done
