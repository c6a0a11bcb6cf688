#!/usr/bin/env bash
# Installs what is missing, builds ochre-server, and serves a directory over Chroma's HTTP API on loopback.
# Usage: scripts/serve.sh [option of ochre-server...]   e.g. scripts/serve.sh --path ./data --port 8000; see --help
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/dependencies.sh
scripts/configure.sh release
cmake --build build/release -j "$(nproc)" --target ochre-server
exec build/release/ochre-server "$@"
