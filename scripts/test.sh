#!/usr/bin/env bash
# Installs what is missing, builds, and passes all tests.
# Usage: scripts/test.sh [--asan | --tsan] [ctest name filter]
#   --asan   with AddressSanitizer and UndefinedBehaviorSanitizer
#   --tsan   with ThreadSanitizer: the tests of the concurrent parts, unless a filter says otherwise
#   filter   a regular expression on test names, e.g. 'log\.' or ModelTest
set -euo pipefail
cd "$(dirname "$0")/.."

preset=test
filter=""
for argument in "$@"; do
  case "$argument" in
    --asan) preset=asan ;;
    --tsan) preset=tsan ;;
    -h | --help) sed -n '2,6s/^# //p' "$0"; exit 0 ;;
    -*) echo "unknown option $argument; see scripts/test.sh --help" >&2; exit 2 ;;
    *) filter=$argument ;;
  esac
done

scripts/dependencies.sh wordnet-base

run=()
if [ "$preset" = tsan ]; then
  # What runs threads of its own, or is called from several.
  [ -n "$filter" ] || filter='^(log|sysdb|storage|view|compactor|concurrency|api|runtime)\.'
  # With many bits of address randomisation GCC 12's runtime finds its shadow memory taken.
  run=(setarch "$(uname -m)" -R)
  export TSAN_OPTIONS="suppressions=$PWD/tests/support/tsan.supp ${TSAN_OPTIONS:-}"
fi

launcher=()
command -v ccache > /dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --preset "$preset" "${launcher[@]}" > /tmp/ochre-configure.log || { cat /tmp/ochre-configure.log; exit 1; }
cmake --build --preset "$preset"
selection=()
[ -z "$filter" ] || selection=(-R "$filter")
"${run[@]}" ctest --test-dir "build/$preset" -j "$(nproc)" --output-on-failure --no-tests=error "${selection[@]}"
