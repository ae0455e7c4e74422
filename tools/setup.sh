#!/bin/sh
# Installs what pgsieve needs from the distribution's packages: Debian 12 and 13, Ubuntu 24.04 and newer.
#
#   tools/setup.sh            what the program needs to build
#   tools/setup.sh --tests    and what its tests need
#
# Only packages that are missing are installed; when none is, this takes a moment and changes nothing.
set -eu

build="cmake g++ make ninja-build pkg-config git
  libpg-query-dev libprotobuf-c-dev
  libfmt-dev libcli11-dev libsimdjson-dev libtomlplusplus-dev libsqlite3-dev libxxhash-dev
  zlib1g-dev libzstd-dev libarchive-dev libssl-dev libpcap-dev libpq-dev"
# Used when present: faster gzip, a faster allocator, faster rebuilds. A distribution without them is no obstacle.
optional="libisal-dev libjemalloc-dev ccache"
tests="libgtest-dev libgmock-dev nlohmann-json3-dev postgresql sqlite3 python3 shellcheck
  man-db mandoc zsh fish"
# Test frameworks of five languages, and a browser, which the integration tests run for real. Where a distribution lacks one,
# its tests are skipped and say so.
frameworks="python3-pytest python3-psycopg2 python3-psycopg python3-asyncpg ruby ruby-rspec-core ruby-rspec-expectations ruby-pg phpunit php-cli php-pgsql
  default-jdk-headless junit5 libpostgresql-jdbc-java chromium"

# HypoPG is packaged per server version.
# shellcheck source=/dev/null
release=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
case $release in
  bookworm) hypopg="postgresql-15-hypopg" ;;
  trixie) hypopg="postgresql-17-hypopg" ;;
  noble) hypopg="postgresql-16-hypopg" ;;
  *) hypopg="" ;;
esac
frameworks="$frameworks $hypopg"

wanted=$build
with_tests=0
while [ $# -gt 0 ]; do
  case $1 in
    --tests) wanted="$wanted $tests"; with_tests=1 ;;
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

# npm packages of the integration tests, into build/npm. Nothing of them is needed to build.
install_npm_packages() {
  folder="$(dirname "$0")/../build/npm"
  list="$(dirname "$0")/../tests/integration/npm/package.json"
  cmp -s "$list" "$folder/package.json.done" && return 0
  command -v npm >/dev/null 2>&1 || return 0
  mkdir -p "$folder"
  cp "$list" "$folder/package.json"
  if (cd "$folder" && npm install --no-audit --no-fund --loglevel=error >&2); then
    # A package may not run scripts of its own while it is installed: what this one would do is done here.
    chmod -f u+x "$folder"/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool || true
    cp "$list" "$folder/package.json.done"
  else
    echo "setup.sh: going on without the npm packages; the tests that need them are skipped" >&2
  fi
}

missing_frameworks=""
if [ "$with_tests" = 1 ]; then
  command -v npm >/dev/null 2>&1 || frameworks="$frameworks nodejs npm"
  # shellcheck disable=SC2086
  missing_frameworks=$(missing_of $frameworks)
  # What could not be had the last time is not asked for again.
  tried="$(dirname "$0")/../build/frameworks.tried"
  if [ "$(cat "$tried" 2>/dev/null)" = "$missing_frameworks" ]; then missing_frameworks=""; fi
fi
if [ -z "$missing$missing_frameworks" ]; then
  if [ "$with_tests" = 1 ]; then install_npm_packages; fi
  exit 0
fi

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1; then
  as_root="sudo"
else
  echo "setup.sh: these packages are missing and can only be installed by root (there is no sudo here):" >&2
  echo "  apt-get install $missing $missing_frameworks" >&2
  exit 1
fi

echo "setup.sh: installing $missing $missing_frameworks" >&2
export DEBIAN_FRONTEND=noninteractive
as_root_apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }
as_root_apt update >&2
if [ -n "$missing" ]; then
  # shellcheck disable=SC2086
  as_root_apt install -y --no-install-recommends $missing >&2
fi
# shellcheck disable=SC2086
if [ -n "$missing_frameworks" ] && ! as_root_apt install -y --no-install-recommends $missing_frameworks >&2; then
  for package in $missing_frameworks; do
    as_root_apt install -y --no-install-recommends "$package" >&2 ||
      echo "setup.sh: going on without $package; the tests that need it are skipped" >&2
  done
fi
for package in $missing_optional; do
  as_root_apt install -y --no-install-recommends "$package" >&2 ||
    echo "setup.sh: going on without $package, which is optional" >&2
done
if [ "$with_tests" = 1 ]; then
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null |
    sed -n 's/^installed //p' | sed 's/([^)]*)//g; s/,/ /g' | tr -s ' ' '\n' | sort -u)
  mkdir -p "$(dirname "$tried")"
  # shellcheck disable=SC2086
  missing_of $frameworks > "$tried"
  install_npm_packages
fi
