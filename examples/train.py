"""Trains two real models on scikit-learn's breast cancer data, and saves them with their scores.

Usage: python examples/train.py FOLDER
"""

import json
import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier


def main(folder: Path) -> None:
    features, target = load_breast_cancer(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(features, target, random_state=7)
    models = {
        1: DecisionTreeClassifier(max_depth=2, random_state=7),
        2: RandomForestClassifier(n_estimators=200, random_state=7),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for number, model in models.items():
        model.fit(train_x, train_y)
        auc = round(float(roc_auc_score(test_y, model.predict_proba(test_x)[:, 1])), 4)
        joblib.dump(model, folder / f"model-{number}.joblib")
        (folder / f"model-{number}.json").write_text(json.dumps({"auc": auc}))
        kind = type(model).__name__
        print(f"   model {number}: {kind:<24} auc {auc} on {len(test_y)} held-out rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
