#!/usr/bin/env bash
# Installs what is missing, builds, and passes all tests.
# Usage: scripts/test.sh [--asan | --tsan] [--faults] [filter]
#   --asan   with AddressSanitizer and UndefinedBehaviorSanitizer
#   --tsan   with ThreadSanitizer: the tests of the concurrent parts, unless a filter says otherwise
#   --faults the fault campaigns (tests/faults) in their long form, every point instead of a sample; figures go to
#            build/test/faults.txt
#   filter   a regular expression on test names, which are folder.Suite.Test: '^log\.', ModelTest, 'LogTest\.Append'
# The summary counts suites, each run by a process; with a filter or --faults tests, each run by a process of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

# What has threads of its own or is called from several. ThreadSanitizer finds nothing in the others.
concurrent_folders=(runtime storage sqlite log sysdb embedding view executor compactor gateway instance api capi server concurrency)

preset=test
faults=""
filter=""
for argument in "$@"; do
  case "$argument" in
    --asan) preset=asan ;;
    --tsan) preset=tsan ;;
    --faults) faults=long ;;
    -h | --help) sed -n '2,9s/^# //p' "$0"; exit 0 ;;
    -*) echo "unknown option $argument; see scripts/test.sh --help" >&2; exit 2 ;;
    *) filter=$argument ;;
  esac
done

scripts/dependencies.sh
scripts/configure.sh "$preset"

singly=$filter$faults
run=()
targets=()
if [ -n "$faults" ]; then
  export OCHRE_FAULTS=$faults OCHRE_FAULTS_REPORT=$PWD/build/$preset/faults.txt  # a line of figures a campaign
  rm -f "$OCHRE_FAULTS_REPORT"
  if [ -z "$filter" ]; then
    # Races have ten minutes of every call at once; the campaigns of single threads would tell ThreadSanitizer nothing.
    [ "$preset" = tsan ] && filter='^concurrency\.StressTest' folder=concurrency || filter='^faults\.' folder=faults
    targets=(--target "${folder}_test")
  fi
fi
if [ "$preset" = tsan ]; then
  # With many bits of address randomisation GCC 12's runtime finds the place of its shadow memory taken.
  setarch "$(uname -m)" -R true 2> /dev/null && run=(setarch "$(uname -m)" -R)
  export TSAN_OPTIONS="suppressions=$PWD/tests/support/tsan.supp ${TSAN_OPTIONS:-}"
  if [ -z "$filter" ]; then
    filter="^($(IFS='|'; echo "${concurrent_folders[*]}"))\\."
    for folder in "${concurrent_folders[@]}"; do
      compgen -G "tests/$folder/*_test.cc" > /dev/null && targets+=("${folder}_test")
    done
    targets=(--target "${targets[@]}")
  fi
fi

if [ "$preset" = asan ]; then
  export LSAN_OPTIONS="suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0 ${LSAN_OPTIONS:-}"
fi

cmake --build "build/$preset" -j "$(nproc)" "${targets[@]}"
selection=()
[ -z "$filter" ] || selection=(-R "$filter")
[ -z "$singly" ] || export OCHRE_TESTS_SINGLY=1
# These search from one thread, over graphs that take ThreadSanitizer minutes to build.
[ "$preset" != tsan ] || selection+=(-E 'api\.Spaces/SearchTest')
# Last, so that its summary ends the output and its exit code is ours.
exec "${run[@]}" ctest --test-dir "build/$preset" -j "$(nproc)" --output-on-failure --no-tests=error "${selection[@]}" \
  < /dev/null
