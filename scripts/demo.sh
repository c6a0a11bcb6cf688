#!/usr/bin/env bash
# Installs what is missing, builds, and runs the main job on real input: the 117,659 glosses of WordNet, embedded with a
# fastText model that is trained on them, in a persistent database; searched by meaning, metadata and text.
# Usage: scripts/demo.sh [dictionary_search option...]   e.g. --query "to walk slowly"; --help lists them
# Everything is kept in build/demo: a second run trains and loads nothing, and only searches.
set -euo pipefail
cd "$(dirname "$0")/.."
work=build/demo

case "${1:-}" in
  -h | --help) sed -n '2,5s/^# //p' "$0" ;;
esac

scripts/dependencies.sh
scripts/configure.sh release -DOCHRE_BUILD_TESTS=OFF -DOCHRE_BUILD_BENCHMARKS=OFF
cmake --build build/release -j "$(nproc)" --target dictionary_search
search=build/release/examples/dictionary_search

case "${1:-}" in
  -h | --help) exec "$search" --help ;;
esac

mkdir -p "$work"
if [ ! -f "$work/glosses.bin" ]; then
  echo "Training a fastText model on the glosses (once, about a minute) ..."
  "$search" --write-corpus "$work/corpus.txt"
  fasttext skipgram -input "$work/corpus.txt" -output "$work/training" -dim 100 -epoch 4 -lr 0.08 -ws 4 -neg 4 \
    -minCount 2 -minn 5 -maxn 5 -bucket 50000 \
    -thread 2 -verbose 0 < /dev/null
  mv "$work/training.bin" "$work/glosses.bin"  # whole or not at all
  rm -f "$work/training.vec"
fi
exec "$search" --db "$work/wordnet.ochre" --model "$work/glosses.bin" "$@"
