#!/usr/bin/env bash
# Plants the faults of tests/planted in a copy of the tree, one at a time, and has the test that each names fail.
# Usage: scripts/planted_faults.sh [--check] [number...]
#   --check  builds nothing: only says which faults no longer apply, or name a test that there is not
#   number   a fault's, with which its file begins, e.g. 7 (default: all of them)
# A test that crashes, or hangs, has found its fault as well. Ends with a table, and fails if a fault was not found. The
# copy is build/planted; it is kept, so that the next run builds little.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
copy=$root/build/planted

check=""
case "${1:-}" in
  --check) check=yes; shift ;;
  -h | --help) sed -n '2,7s/^# //p' "$0"; exit 0 ;;
  -*) echo "unknown option $1; see scripts/planted_faults.sh --help" >&2; exit 2 ;;
esac

faults=()
if [ $# -eq 0 ]; then
  faults=(tests/planted/*.patch)
fi
for number in "$@"; do
  file=$(printf 'tests/planted/%02d-' "$((10#$number))")
  compgen -G "$file*.patch" > /dev/null || { echo "there is no fault $number in tests/planted" >&2; exit 2; }
  faults+=("$file"*.patch)
done

# A fault's file is a diff below lines of "Key: value".
field() { sed -n "/^---/q; s/^$2: //p" "$1"; }
# Moved, or with a changed line beside it, it is the same fault still.
plant() { patch --batch --forward --silent --fuzz=1 --no-backup-if-mismatch -p1 -d "$1" "${@:3}" < "$2"; }

# "log.LogTest.Name": program log_test and gtest's filter, which also takes the test with its parameters.
program_of() { echo "${1%%.*}_test"; }
filter_of() {
  local test=${1#*.}
  echo "$test:$test/*:*/$test:*/$test/*"
}

stale=0
for fault in "${faults[@]}"; do
  test=$(field "$fault" "Found by")
  IFS=. read -r folder suite name <<< "$test"
  if ! reason=$(plant . "$fault" --dry-run 2>&1); then
    printf '%s no longer applies; write it anew for the code as it is.\n%s\n' "$fault" "$reason" >&2
    stale=1
  fi
  if ! grep -qsE "TEST(_F|_P)?\($suite, $name\)" "tests/$folder"/*_test.cc; then
    echo "$fault is to be found by \"$test\", and there is no such test" >&2
    stale=1
  fi
done
if [ -n "$check" ] || [ "$stale" -ne 0 ]; then
  exit "$stale"
fi

scripts/dependencies.sh
# By content, so that a file that did not change keeps its time, and one that a fault was left in gets a new one.
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  [ -e "$file" ] || continue
  cmp -s "$file" "$copy/$file" && continue
  mkdir -p "$copy/$(dirname "$file")"
  cp "$file" "$copy/$file"
done
(cd "$copy" && find . -path ./build -prune -o -type f -print | cut -c3-) | while IFS= read -r file; do
  [ -e "$file" ] || rm "$copy/$file"
done

# Builds the program of a test in the copy, by a preset of CMakePresets.json.
build() {
  cmake --build "$copy/build/$1" -j "$(nproc)" --target "$(program_of "$2")" > "$copy/build/log" 2>&1
}
# Runs a test of the copy for at most so many seconds.
run() {
  local preset=$1 test=$2 seconds=$3 runner=()
  if [ "$preset" = tsan ]; then
    # With many bits of address randomisation GCC 12's runtime finds the place of its shadow memory taken.
    setarch "$(uname -m)" -R true 2> /dev/null && runner=(setarch "$(uname -m)" -R)
    export TSAN_OPTIONS="suppressions=$copy/tests/support/tsan.supp ${TSAN_OPTIONS:-}"
  fi
  # In a group, so that what bash says of a crash goes to the log too.
  {
    timeout --kill-after=5 "$seconds" "${runner[@]}" "$copy/build/$preset/tests/$(program_of "$test")" \
      --gtest_filter="$(filter_of "$test")" < /dev/null
  } > "$copy/build/log" 2>&1
}

# What finds a fault must pass without it. How long it takes then is the measure of what hangs.
declare -A seconds_max
for fault in "${faults[@]}"; do
  test=$(field "$fault" "Found by")
  preset=$(field "$fault" Preset)
  preset=${preset:-test}
  [ -z "${seconds_max[$preset $test]:-}" ] || continue
  [ -e "$copy/build/$preset" ] || (cd "$copy" && scripts/configure.sh "$preset")
  build "$preset" "$test" || { cat "$copy/build/log" >&2; exit 1; }
  started=$SECONDS
  if ! run "$preset" "$test" 600; then
    tail -n 40 "$copy/build/log" >&2
    echo "$test fails without any fault (preset $preset)" >&2
    exit 1
  fi
  grep -q '\[  PASSED  \] [1-9]' "$copy/build/log" || { echo "$test was not run (preset $preset)" >&2; exit 1; }
  seconds_max[$preset $test]=$((20 + 10 * (SECONDS - started)))
done

survived=0
table=()
for fault in "${faults[@]}"; do
  test=$(field "$fault" "Found by")
  preset=$(field "$fault" Preset)
  preset=${preset:-test}
  plant "$copy" "$fault"
  code=0
  if ! build "$preset" "$test"; then
    outcome="DOES NOT BUILD"
    survived=1
    tail -n 20 "$copy/build/log" >&2
  elif run "$preset" "$test" "${seconds_max[$preset $test]}"; then
    outcome="NOT FOUND"
    survived=1
  else
    code=$?
    case $code in
      124 | 137) outcome="found: hangs" ;;
      12[89] | 1[3-9]?) outcome="found: crashes" ;;
      *) outcome="found" ;;
    esac
  fi
  sed -n 's,^+++ b/,,p' "$fault" | while IFS= read -r file; do cp "$file" "$copy/$file"; done
  name=$(basename "$fault" .patch)
  table+=("$(printf '%-28s %-15s %s' "$name" "$outcome" "$test")")
  echo "${table[-1]}" >&2
done
echo
printf '%s\n' "${table[@]}"
echo "${#faults[@]} faults planted, $(printf '%s\n' "${table[@]}" | grep -c ' found') found"
exit "$survived"
