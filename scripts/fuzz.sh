#!/usr/bin/env bash
# Fuzzes the parsers of what comes from outside: every target of tests/fuzz as a libFuzzer program, in turn.
# Usage: scripts/fuzz.sh [minutes [target...]]
#   minutes  of wall time in all (default 10), shared evenly; one process a core (or OCHRE_FUZZ_JOBS)
#   target   of tests/fuzz/corpus, e.g. filter_json (default: all of them)
# Prints the executions of each target and their sum. An input that breaks a target goes into its corpus folder, where
# the plain tests find it from then on, and a command that repeats it is printed; so do small inputs that reach new code.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=10
case "${1:-}" in
  -h | --help) sed -n '2,7s/^# //p' "$0"; exit 0 ;;
  ?*) minutes=$1; shift ;;
esac
[[ $minutes =~ ^[0-9]+$ ]] || { echo "\"$minutes\" is no number of minutes; see scripts/fuzz.sh --help" >&2; exit 2; }

scripts/dependencies.sh clang-19 libclang-rt-19-dev
scripts/configure.sh fuzz
cmake --build build/fuzz -j "$(nproc)" --target fuzz_all

programs=build/fuzz/tests/fuzz/libfuzzer
corpus=tests/fuzz/corpus
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for program in "$programs"/fuzz_*; do
    [ -f "$program" ] && [ -x "$program" ] && targets+=("${program##*/fuzz_}")
  done
fi
jobs=${OCHRE_FUZZ_JOBS:-$(nproc)}
seconds=$((minutes * 60 * jobs / ${#targets[@]}))
[ "$seconds" -gt 0 ] || seconds=1

# Fuzzes one target for its share of the time; what it finds beyond the repository's corpus is kept in build/fuzz.
fuzz() {
  local target=$1 work=build/fuzz/work/$1
  mkdir -p "$work/found" "$work/broken"
  # 4 KiB reach every branch; an input that takes seconds, or half a gigabyte, is as broken as one that crashes.
  if ! UBSAN_OPTIONS=print_stacktrace=1 "$programs/fuzz_$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
      -rss_limit_mb=1024 -malloc_limit_mb=512 -print_final_stats=1 -artifact_prefix="$work/broken/" \
      "$work/found" "$corpus/$target" > "$work/log" 2>&1; then
    touch "$work/failed"
  fi
}
export -f fuzz
export programs corpus seconds
for target in "${targets[@]}"; do
  [ -x "$programs/fuzz_$target" ] || { echo "there is no target \"$target\"" >&2; exit 2; }
  rm -f "build/fuzz/work/$target/failed"
done
printf '%s\n' "${targets[@]}" | xargs -P "$jobs" -I {} bash -c 'fuzz {}'

sum=0
failed=0
for target in "${targets[@]}"; do
  work=build/fuzz/work/$target
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log" | tail -n 1)
  printf '%-24s %14s executions\n' "$target" "${executions:-0}"
  sum=$((sum + ${executions:-0}))
  # New coverage in few bytes: the smallest inputs that reach what the corpus does not, up to 12 KiB a target.
  if [ ! -e "$work/failed" ]; then
    rm -rf "$work/merged" && mkdir "$work/merged"
    cp "$corpus/$target"/* "$work/merged/"
    "$programs/fuzz_$target" -merge=1 -max_len=1024 "$work/merged" "$work/found" > "$work/merge_log" 2>&1 || true
    size=$(cat "$corpus/$target"/* | wc -c)
    while read -r bytes input; do
      [ -e "$corpus/$target/${input##*/}" ] && continue
      size=$((size + bytes))
      [ "$size" -le 12288 ] || break
      cp "$input" "$corpus/$target/found-$(basename "$input" | cut -c1-12)"
    done < <(find "$work/merged" -type f -printf '%s %p\n' | sort -n)
    continue
  fi
  failed=1
  tail -n 40 "$work/log" >&2
  for input in "$work/broken"/*; do
    [ -e "$input" ] || continue
    kept=$corpus/$target/broken-$(basename "$input" | tail -c 13)
    cp "$input" "$kept"
    echo "$target is broken by $kept; again with: $programs/fuzz_$target $kept" >&2
  done
done
printf '%-24s %14s executions\n' "in all" "$sum"
exit "$failed"
