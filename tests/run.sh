#!/usr/bin/env bash
# Sets up an environment of its own and runs every check and test. What is given is passed to pytest:
#   bash tests/run.sh                  all of it
#   bash tests/run.sh tests/guard -q   some tests, no other checks
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
venv=$root/.venv-tests

if [ ! -x "$venv/bin/python" ]; then
    python=${PYTHON:-python3}
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        { echo "gitreg needs Python 3.11 or newer; name one: PYTHON=python3.12 bash tests/run.sh" >&2; exit 1; }
    "$python" -m venv "$venv"
fi
stamp=$(cat tests/requirements.txt pyproject.toml | sha256sum)
if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
    echo "== installing into .venv-tests"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement tests/requirements.txt
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --editable .
    echo "$stamp" >"$venv/stamp"
fi
export PATH="$venv/bin:$PATH"

if [ $# -gt 0 ]; then
    exec python -m pytest "$@"
fi

echo "== ruff"
ruff format --check .
ruff check .
echo "== mypy"
mypy
echo "== import-linter"
lint-imports
echo "== pytest"
rm -f .coverage .coverage.*
python -m pytest --numprocesses 2 --dist worksteal --cov --cov-report= --durations=10
echo "== coverage"
coverage report --fail-under=90
coverage report --fail-under=100 --include='gitreg/domain/*,gitreg/manifest/*,gitreg/guard/*'
