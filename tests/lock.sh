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
pin examples/requirements.txt --group quickstart
