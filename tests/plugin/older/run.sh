#!/usr/bin/env bash
# Tries gitreg with an older MLflow, in an environment of its own:  bash tests/plugin/older/run.sh 2.22
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=$1
pins=tests/plugin/older/$version.txt
venv=$PWD/.venv-mlflow-$version
stamp=$(cat "$pins" pyproject.toml | sha256sum)
if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
    "${PYTHON:-python3}" -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement "$pins"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --editable .
    echo "$stamp" >"$venv/stamp"
fi
exec "$venv/bin/python" -W ignore tests/plugin/older/smoke.py "$version"
