"""Finds the version in Production through the Python API, loads its file, and scores with it.

Usage: python examples/score.py REGISTRY MODEL
"""

import sys
from urllib.parse import urlsplit
from urllib.request import url2pathname

import joblib
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import gitreg


def main(path: str, model: str) -> None:
    registry = gitreg.open(path, actor="scoring-job")
    version = registry.version(f"{model}/Production")
    print(f"   {model}/Production is {version.ref}, from {version.source}")
    loaded = joblib.load(url2pathname(urlsplit(version.source).path))
    features, target = load_breast_cancer(return_X_y=True)
    _, test_x, _, test_y = train_test_split(features, target, random_state=7)
    print(f"   {type(loaded).__name__} scores {loaded.score(test_x, test_y):.3f} accuracy")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
