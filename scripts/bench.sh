#!/usr/bin/env bash
# Builds the benchmarks optimised and runs them: every program of bench/micro and bench/workload, or those named.
# Usage: scripts/bench.sh [-l] [name...]   e.g. scripts/bench.sh distance_kernels_bench; -l lists the names
#        scripts/bench.sh ochre_ann_bench [option...]   vector search beside hnswlib and Faiss, on the glosses of WordNet;
#                                                       writes docs/ann_wordnet.svg, and ann_wordnet.json to the data
# The data of ochre_ann_bench goes to $OCHRE_BENCH_DATA, build/bench-data unless set.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t names < <(find bench/micro bench/workload -maxdepth 1 -name '*_bench.cc' -printf '%f\n' 2> /dev/null | sed 's/\.cc$//' | sort)
options=()
case "${1:-}" in
  -h | --help) sed -n '2,6s/^# //p' "$0"; exit 0 ;;
  -l) printf '%s\n' "${names[@]}" ochre_ann_bench; exit 0 ;;
  "") names+=(ochre_ann_bench) ;;
  ochre_ann_bench) names=(ochre_ann_bench); options=("${@:2}") ;;
  *) names=("$@") ;;
esac
data=${OCHRE_BENCH_DATA:-build/bench-data}

# A fastText model of the glosses, and with it their vectors: once.
make_wordnet() {
  [ -f "$data/wordnet.queries.fvecs" ] && return
  mkdir -p "$data"
  if [ ! -f "$data/glosses.bin" ]; then
    build/release/examples/dictionary_search --write-corpus "$data/corpus.txt"
    # As scripts/demo.sh trains its own; one thread, for the same model each time.
    fasttext skipgram -input "$data/corpus.txt" -output "$data/training" -dim 100 -epoch 4 -lr 0.08 -ws 4 -neg 4 \
      -minCount 2 -minn 5 -maxn 5 -bucket 50000 -thread 1 -verbose 0 < /dev/null
    mv "$data/training.bin" "$data/glosses.bin"  # whole or not at all
    rm -f "$data/training.vec"
  fi
  build/release/bench/ochre_ann_data wordnet "$data/glosses.bin" "$data/wordnet"
}

# libfaiss-dev is needed by nothing else, and the benchmarks do without it where it is not to be had.
scripts/dependencies.sh
peers=hnswlib,faiss
scripts/dependencies.sh libfaiss-dev libopenblas-dev || peers=hnswlib
scripts/configure.sh release -DOCHRE_BUILD_BENCHMARKS=ON
targets=("${names[@]}")
[[ " ${names[*]} " == *" ochre_ann_bench "* ]] && targets+=(ochre_ann_data dictionary_search)
cmake --build build/release -j "$(nproc)" --target "${targets[@]}"
for name in "${names[@]}"; do
  printf '\n== %s\n' "$name"
  if [ "$name" = ochre_ann_bench ]; then
    make_wordnet
    build/release/bench/ochre_ann_bench --base "$data/wordnet.base.fvecs" --queries "$data/wordnet.queries.fvecs" \
      --space cosine --peers "$peers" --json "$data/ann_wordnet.json" --svg docs/ann_wordnet.svg "${options[@]}"
  else
    "build/release/bench/$name"
  fi
done
