#!/usr/bin/env bash
# Formats every C++ file with clang-format; with --check only says which ones it would change.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
[ "${1:-}" = --check ] && mode=(--dry-run -Werror)
git ls-files '*.h' '*.cc' '*.c' | xargs clang-format "${mode[@]}"
