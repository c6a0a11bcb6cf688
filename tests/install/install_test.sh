#!/usr/bin/env bash
# Installs a build to a scratch prefix, then builds and runs consumers of the CMake package, of pkg-config and of
# add_subdirectory; checks what the shared libraries export.
# Usage: install_test.sh SOURCE_DIR BUILD_DIR
set -euo pipefail
source_dir=$1
build_dir=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix
lib=$prefix/$(sed -n 's/^CMAKE_INSTALL_LIBDIR:[^=]*=//p' "$build_dir/CMakeCache.txt")

step() { echo "== $*"; }
# Says nothing unless it fails.
quietly() { "$@" > "$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }; }
configure() { quietly cmake -S "$source_dir/tests/install" -B "$scratch/$1" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" "${@:2}"; }

step "install"
quietly cmake --install "$build_dir" --prefix "$prefix"

step "the shared libraries export ochre:: and the C API, and nothing else"
for library in "$lib"/libochre*.so; do
  nm -DC --defined-only "$library" | awk '$2 != "A"' > "$scratch/symbols"  # type A is the version node itself
  [ -s "$scratch/symbols" ] || { echo "$library exports nothing"; exit 1; }
  if grep -vE ' [A-Z] (((typeinfo|typeinfo name|vtable) for )?ochre::|ochre_[a-z0-9_]+(@|$))' "$scratch/symbols"; then
    echo "$library exports these, too"
    exit 1
  fi
done

if [ -e "$prefix/bin/ochre-server" ]; then
  step "the server, and a systemd unit that fits it"
  "$prefix/bin/ochre-server" --help | grep -q -- --config
  unit=$prefix/lib/systemd/system/ochre-server.service
  grep -q '^ExecStart=/.*/bin/ochre-server --path ' "$unit"
  if command -v systemd-analyze > /dev/null; then
    # Where this machine has the binary and the user that the unit names: not yet.
    sed "s#^ExecStart=[^ ]*#ExecStart=$prefix/bin/ochre-server#; s/^\(User\|Group\)=.*/\1=root/; /^Documentation/d" "$unit" \
      > "$scratch/ochre-server.service"
    quietly systemd-analyze verify "$scratch/ochre-server.service"
  fi
fi

step "find_package, the shared library alone"
configure shared -DONLY_SHARED=ON
quietly cmake --build "$scratch/shared"
"$scratch/shared/consumer_shared"

step "find_package with every component"
optional=()
[ -e "$prefix/include/ochre/fasttext.h" ] && optional=(-DOPTIONAL_COMPONENTS=fasttext)
configure all "${optional[@]}"
quietly cmake --build "$scratch/all"
for consumer in "$scratch"/all/consumer_*; do "$consumer"; done

step "pkg-config, shared and static"
export PKG_CONFIG_PATH=$lib/pkgconfig
read -ra flags <<< "$(pkg-config --cflags --libs ochre)"
c++ -std=c++20 "$source_dir/tests/install/consumer.cc" "${flags[@]}" -o "$scratch/pc"
LD_LIBRARY_PATH=$lib "$scratch/pc"
read -ra flags <<< "$(pkg-config --cflags --static --libs ochre | sed 's/-lochre /-l:libochre.a /')"
c++ -std=c++20 "$source_dir/tests/install/consumer.cc" "${flags[@]}" -o "$scratch/pc_static"
"$scratch/pc_static"

step "add_subdirectory"
configure subdirectory -DOCHRE_DIR="$source_dir" -DBUILD_SHARED_LIBS=OFF
