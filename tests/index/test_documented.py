"""The README's section on searching names all there is, and its examples are right."""

import re
from pathlib import Path

import pytest

from gitreg.domain.stages import DEFAULT_STAGES
from gitreg.index.checking import Checker
from gitreg.index.expressions import And, Comparison, Expression, Not, Or
from gitreg.index.grammar import parse
from gitreg.index.ordering import RELEVANCE
from gitreg.index.subjects import COMPARATORS, MODELS, VERSIONS, Subject

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.partition("\n## Searching\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (`.*?) \| (\S.*?) \| .*? \| `(.*?)`.* \|$", SECTION, re.MULTILINE)
SUBJECTS = {"models": MODELS, "versions": VERSIONS}


def comparisons(expression: Expression | None) -> list[Comparison]:
    match expression:
        case Comparison():
            return [expression]
        case Not(part):
            return comparisons(part)
        case And(parts) | Or(parts):
            return [one for part in parts for one in comparisons(part)]
    return []


def check(text: str, subject: Subject) -> None:
    for comparison in comparisons(parse(text).expression):
        Checker(text, subject, DEFAULT_STAGES).check(comparison)


@pytest.mark.parametrize(("keys", "subjects", "example"), ROWS)
def test_each_example_can_be_asked(keys: str, subjects: str, example: str) -> None:
    [comparison] = comparisons(parse(example).expression)
    named = keys.replace("KEY", comparison.key)
    assert re.search(rf"[`.]{comparison.key}`", named)
    for subject in subjects.split(", "):
        check(example, SUBJECTS[subject])


def test_each_filter_of_the_block_can_be_asked() -> None:
    [block] = re.findall(r"^```\n(name .*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
    for line in block.splitlines():
        check(line, MODELS)
        check(line, VERSIONS)


@pytest.mark.parametrize("subject", [MODELS, VERSIONS])
def test_every_key_is_named_for_what_has_it(subject: Subject) -> None:
    there = " ".join(keys for keys, subjects, _ in ROWS if str(subject) in subjects.split(", "))
    kinds = {f"{kind}s.KEY" for kind in subject.labels} - {"aliass.KEY"}
    assert set(re.findall("`(.*?)`", there)) == {*subject.attributes, *kinds}


def test_every_comparator_and_order_is_named() -> None:
    named = set(re.findall("`(.*?)`", SECTION))
    assert {operator for every in COMPARATORS.values() for operator in every} <= named
    assert {*MODELS.orders, *VERSIONS.orders, RELEVANCE} <= named
