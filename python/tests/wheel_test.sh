#!/usr/bin/env bash
# The wheel installs into a virtual environment, offline, and works there without anything of the build tree.
# Usage: wheel_test.sh <source directory> <libochre.so>
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$1/scripts/python_wheel.sh" "$work" "$2"
[ -f "$(echo ochre-*-py3-none-linux_*.whl)" ]
/usr/bin/python3 -m venv --system-site-packages venv
venv/bin/pip install --quiet --no-index --no-deps ochre-*.whl
env -u OCHRE_LIBRARY -u PYTHONPATH venv/bin/python - << 'PYTHON'
import ochre
with ochre.PersistentClient(path="wheel.ochre") as client:
    papers = client.create_collection("papers", embedding_function=ochre.HashingEmbeddingFunction())
    papers.add(ids=["a", "b"], documents=["graph search", "boiled eggs"])
    assert papers.query(query_texts=["graphs"], n_results=1)["ids"] == [["a"]]
print(ochre.__file__, ochre.__version__)
PYTHON
