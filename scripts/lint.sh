#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy says what it checks) on the given source files, or on those that differ from a commit.
# Usage: scripts/lint.sh [file.cc... | commit]   (default: origin's main branch, else HEAD~1)
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -f "${1:-}" ]; then
  files=("$@")
else
  base=${1:-$(git merge-base HEAD origin/main 2> /dev/null || echo HEAD~1)}
  mapfile -t files < <(
    git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' 'examples/*.cc'
    git ls-files --others --exclude-standard 'src/*.cc' 'examples/*.cc'
  )
fi
[ ${#files[@]} -gt 0 ] || { echo "No source file has changed."; exit 0; }
scripts/dependencies.sh clang-tidy
scripts/configure.sh test  # writes compile_commands.json
printf '%s\n' "${files[@]}" | xargs -n 1 -P "$(nproc)" clang-tidy -p build/test --quiet --warnings-as-errors='*'
