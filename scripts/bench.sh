#!/usr/bin/env bash
# Builds the benchmarks optimised and runs them: every program of bench/micro and bench/workload, or those named.
# Usage: scripts/bench.sh [-l] [name...]   e.g. scripts/bench.sh distance_kernels_bench; -l lists the names
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t names < <(find bench/micro bench/workload -name '*_bench.cc' -printf '%f\n' 2> /dev/null | sed 's/\.cc$//' | sort)
case "${1:-}" in
  -h | --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
  -l) printf '%s\n' "${names[@]}"; exit 0 ;;
  "") ;;
  *) names=("$@") ;;
esac

scripts/dependencies.sh
scripts/configure.sh release -DOCHRE_BUILD_BENCHMARKS=ON
cmake --build build/release -j "$(nproc)" --target "${names[@]}"
for name in "${names[@]}"; do
  printf '\n== %s\n' "$name"
  "build/release/bench/$name"
done
