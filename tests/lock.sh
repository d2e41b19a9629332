#!/usr/bin/env bash
# Pins anew what the tests and the quickstart install. Needs uv.
set -euo pipefail
cd "$(dirname "$0")/.."
pin() {
    out=$1
    shift
    uv pip compile pyproject.toml "$@" --universal --generate-hashes --upgrade --quiet \
        --no-emit-index-url --no-emit-find-links --no-header --output-file "$out"
}
pin tests/requirements.txt --group test --group lint --group build
for version in 2.22 3.6; do
    pin "tests/plugin/older/$version.txt" "tests/plugin/older/$version.in" --extra mlflow \
        --group build
done
pin examples/requirements.txt --group quickstart
