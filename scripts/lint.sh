#!/usr/bin/env bash
# Runs clang-tidy on the given source files, or on those that changed since a commit (default HEAD~1).
# Usage: scripts/lint.sh [file.cc... | commit]
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -f "${1:-}" ]; then
  files=("$@")
else
  mapfile -t files < <(git diff --name-only --diff-filter=d "${1:-HEAD~1}" -- 'src/*.cc')
fi
[ ${#files[@]} -gt 0 ] || exit 0
cmake --preset test > /dev/null
clang-tidy -p build/test --quiet "${files[@]}"
