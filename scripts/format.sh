#!/usr/bin/env bash
# Formats every C++ file with clang-format; with --check only says which ones it would change, and fails if any.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  "" | -i) mode=(-i) ;;
  --check) mode=(--dry-run -Werror) ;;
  *) echo "Usage: scripts/format.sh [-i | --check]" >&2; exit 2 ;;
esac
scripts/dependencies.sh clang-format
git ls-files -z --cached --others --exclude-standard '*.h' '*.cc' '*.c' | xargs -0 clang-format "${mode[@]}"
