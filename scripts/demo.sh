#!/usr/bin/env bash
# Installs what is missing, builds, and runs the main job on real input: the glosses of WordNet, embedded with a
# fastText model trained on them, in a persistent database, searched by meaning, text and metadata.
# Usage: scripts/demo.sh [dictionary_search option...]   (a second run reuses the model and the database)
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/dependencies.sh wordnet-base

launcher=()
command -v ccache > /dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --preset release -DOCHRE_BUILD_TESTS=OFF -DOCHRE_BUILD_BENCHMARKS=OFF "${launcher[@]}" > /tmp/ochre-configure.log ||
  { cat /tmp/ochre-configure.log; exit 1; }
cmake --build --preset release --target quickstart dictionary_search

work=build/demo
mkdir -p "$work"
if [ ! -f "$work/glosses.bin" ]; then
  echo "Training a fastText model on the glosses ..."
  build/release/examples/dictionary_search --write-corpus "$work/corpus.txt"
  # 100 dimensions, character 3- to 5-grams; 5 epochs over 1.5 million words take about half a minute on two cores.
  fasttext skipgram -input "$work/corpus.txt" -output "$work/glosses.part" -dim 100 -epoch 5 -minn 3 -maxn 5 \
    -minCount 2 -bucket 200000 -thread "$(nproc)" -verbose 0
  mv "$work/glosses.part.bin" "$work/glosses.bin"
  rm -f "$work/glosses.part.vec"
fi
build/release/examples/dictionary_search --db "$work/wordnet.ochre" --model "$work/glosses.bin" "$@"
