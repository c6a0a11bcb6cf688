#!/usr/bin/env bash
# Installs the Debian 12 packages that Ochre is built with, skipping those that are there.
# Usage: scripts/dependencies.sh [extra package...]
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config git
  libsqlite3-dev librocksdb-dev libhnswlib-dev libabsl-dev nlohmann-json3-dev libhwy-dev libroaring-dev libre2-dev
  libutf8proc-dev libxxhash-dev
  libsnappy-dev liblz4-dev libzstd-dev libbz2-dev zlib1g-dev libgflags-dev  # what RocksDB's CMake package looks for
  libgtest-dev libgmock-dev libbenchmark-dev
  libfasttext-dev fasttext
  ccache
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing: ${missing[*]}"
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    > /tmp/ochre-apt.log 2>&1
}
# A machine's package lists may be missing or too old; only then are they fetched.
install || { "${as_root[@]}" apt-get update -qq && install; } || {
  tail -n 20 /tmp/ochre-apt.log
  echo "Could not install ${missing[*]}. Ochre needs them; see the log above." >&2
  exit 1
}
