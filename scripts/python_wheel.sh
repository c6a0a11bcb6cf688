#!/usr/bin/env bash
# Builds the Python wheel, offline, with Debian's tools.
# Usage: scripts/python_wheel.sh <output directory> [libochre.so]
#   libochre.so   the library to put in; without one, a release build is made first
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$1"
output=$(cd "$1" && pwd)
library=${2:-}

if [ -z "$library" ]; then
  "$root/scripts/configure.sh" release
  cmake --build "$root/build/release" --target ochre_shared
  library=$root/build/release/libochre.so
fi

# A copy, so that the sources stay as they are.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$root/python/ochre" "$root/python/README.md" "$root/python/pyproject.toml" "$root/python/setup.py" "$work"
soname=$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')
# The name under which ochre/_native.py looks for it.
cp --dereference "$library" "$work/ochre/$soname"
chmod u+w "$work/ochre/$soname"
strip --strip-unneeded "$work/ochre/$soname"

version=$(sed -n 's/^project(ochre VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
cd "$work"
OCHRE_VERSION=$version /usr/bin/python3 setup.py --quiet bdist_wheel --dist-dir "$output" > "$work/log" 2>&1 ||
  { cat "$work/log" >&2; exit 1; }
ls "$output"/ochre-"$version"-*.whl
