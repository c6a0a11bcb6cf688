#!/usr/bin/env bash
# The C symbols that a library exports are those of exported_symbols.txt, which are those that c.h declares.
# Usage: exported_symbols.sh <source directory> <libochre.so>
set -euo pipefail

list=$1/tests/capi/exported_symbols.txt
failed=0
compare() { diff -u --label exported_symbols.txt --label "$1" "$list" - || failed=1; }

nm --dynamic --defined-only "$2" | awk '$3 ~ /^ochre_/ { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort |
  compare "what the library exports"
grep -oP '^OCHRE_API .*?\bochre_[a-z0-9_]+(?=\()' "$1/include/ochre/c.h" | grep -oP 'ochre_[a-z0-9_]+$' | LC_ALL=C sort |
  compare "what c.h declares"
exit $failed
