#!/usr/bin/env bash
# Installs the Debian 12 packages that Ochre is built and tested with, skipping those that are there.
# Usage: scripts/dependencies.sh [extra package...]
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config git patch
  libsqlite3-dev librocksdb-dev libhnswlib-dev nlohmann-json3-dev libhwy-dev libroaring-dev libre2-dev
  libutf8proc-dev libxxhash-dev
  libboost-dev libsimdjson-dev libssl-dev libcrypt-dev zlib1g-dev  # the server's
  libsnappy-dev liblz4-dev libzstd-dev libbz2-dev libgflags-dev  # what RocksDB's CMake package looks for
  libgtest-dev libgmock-dev libbenchmark-dev
  libfasttext-dev fasttext wordnet-base
  python3-numpy python3-pytest python3-setuptools python3-wheel python3-venv python3-pip  # the Python package's
  python3-pandas python3-matplotlib python3-tqdm jupyter-nbconvert python3-ipykernel
  "$@"
)

loudly() {
  {
    echo "********************************************************************************"
    printf '* %s\n' "$@"
    echo "********************************************************************************"
  } >&2
}

if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
  loudly "This is not Debian: nothing is installed. CMake will say what is missing of (Debian's names):" \
    "${packages[*]}"
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  # "|| true": dpkg-query fails for packages that it has never heard of.
  status=$(dpkg-query -W -f='${Status}' "$package" 2> /dev/null || true)
  [[ $status == *"ok installed"* ]] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo > /dev/null; then
    loudly "Missing, and neither root nor sudo to install with: ${missing[*]}"
    exit 1
  fi
  as_root=(sudo)
fi

echo "Installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" < /dev/null >> "$log" 2>&1; }
install() { apt install -y --no-install-recommends "${missing[@]}"; }
# A machine's package lists may be missing or too old; only then are they fetched.
install || { apt update && install; } || {
  tail -n 20 "$log" >&2
  loudly "Could not install: ${missing[*]}" "Ochre needs them; what apt-get says is above."
  exit 1
}
