#!/usr/bin/env bash
# Runs Chroma's npm client against ochre-server: every call, and then random floats in bulk.
# Usage: tests/server/js/run.sh SERVER_BINARY FOLDER   the package is installed into FOLDER, once
# Exits with 77, which CTest reports as skipped, where there is no Node.js or the package cannot be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
server=$(realpath "$1")
folder=$2

skip() {
  echo "********************************************************************************"
  echo "* Skipped: the npm client against ochre-server. $1"
  echo "********************************************************************************"
  exit 77
}

command -v node > /dev/null && command -v npm > /dev/null || skip "There is no Node.js."
mkdir -p "$folder"
cp "$here/package.json" "$here"/*.mjs "$folder"
cd "$folder"
if [ ! -d node_modules/chromadb ]; then
  timeout 120 npm install --silent --no-audit --no-fund > npm.log 2>&1 || skip "npm cannot install chromadb: see $folder/npm.log"
fi
timeout 60 node client_test.mjs "$server"
exec timeout 120 node random_floats_test.mjs "$server"
