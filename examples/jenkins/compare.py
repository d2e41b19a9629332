"""Tests each model's Staging version against its Production one, and tells which is better.

Usage: python compare.py --registry . --test-sets FOLDER [--load MODULE:FUNCTION] [--margin 0.01]

FOLDER/<directory of the model>.csv is the test set: a header, then numbers, the target last. A
version's ``source`` is opened with the function that --load names, and must give what scikit-learn
calls an estimator: ``score(features, targets)``, higher is better. Models without a test set or
without a version in Staging are passed over. Standard output gets two lines for every version that
is worth Production: which it is, and why. Everything else is told on standard error.
"""

import argparse
import csv
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import gitreg

Rows = tuple[list[list[float]], list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--registry", required=True)
    parser.add_argument("--test-sets", required=True, type=Path)
    parser.add_argument("--load", default="joblib:load", type=loader)
    parser.add_argument("--margin", default=0.0, type=float)
    told = parser.parse_args()
    registry = gitreg.open(told.registry, actor="compare")
    for model in registry.models():
        test_set = told.test_sets / f"{model.name.directory}.csv"
        if test_set.is_file():
            for line in judged(registry, str(model.name), test_set, told.load, told.margin):
                print(line)


def judged(
    registry: gitreg.Registry,
    model: str,
    test_set: Path,
    load: Callable[[str], Any],  # Any: whatever has a score method
    margin: float,
) -> Iterator[str]:
    """Give the version in Staging and why it is worth Production, if it is."""
    candidate, serving = (newest(registry, model, stage) for stage in ("Staging", "Production"))
    if candidate is None:
        return
    rows = read(test_set)
    new = score(candidate, load, rows)
    told = f"{candidate.ref} scores {new:.4f} on {len(rows[1])} rows of {test_set.name}"
    if serving is None:
        yield from (str(candidate.ref), f"{told}; nothing is in Production")
        return
    old = score(serving, load, rows)
    told += f", {serving.ref} in Production {old:.4f}"
    if new > old + margin:
        yield from (str(candidate.ref), told)
    else:
        print(f"{told}: no better", file=sys.stderr)


def newest(registry: gitreg.Registry, model: str, stage: str) -> gitreg.ModelVersion | None:
    """Give the newest version of a model in a stage."""
    return next(iter(registry.versions(model, stage=stage)[::-1]), None)


def score(version: gitreg.ModelVersion, load: Callable[[str], Any], rows: Rows) -> float:
    """Open a version's files, and score what they hold."""
    parts = urlsplit(version.source)
    local = parts.scheme in {"", "file"}
    return float(load(url2pathname(parts.path) if local else version.source).score(*rows))


def read(test_set: Path) -> Rows:
    """Read features and targets."""
    with test_set.open(newline="") as file:
        rows = [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]
    return [row[:-1] for row in rows], [row[-1] for row in rows]


def loader(text: str) -> Callable[[str], Any]:
    """Import the function that ``module:function`` names."""
    module, _, name = text.partition(":")
    found: Callable[[str], Any] = getattr(import_module(module), name)
    return found


if __name__ == "__main__":
    main()
