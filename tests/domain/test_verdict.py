"""Violations, as people and programs read them."""

import json

import pytest

from gitreg.domain.verdict import RULES, Verdict, Violation


@pytest.mark.parametrize(
    ("violation", "told"),
    [
        (Violation("form", "the commit is not UTF-8"), "form\n  the commit is not UTF-8"),
        (Violation("schema", "no", "a.yaml"), "schema  a.yaml\n  no"),
        (Violation("schema", "no", "a.yaml", line=3), "schema  a.yaml:3\n  no"),
        (
            Violation("access", "no", "a.yaml", line=3, who_can=("carol", "@platform"), hint="ask"),
            "access  a.yaml:3\n  no\n  who can: carol, @platform\n  hint: ask",
        ),
    ],
)
def test_a_violation_tells_rule_place_reason_and_the_way_out(
    violation: Violation, told: str
) -> None:
    assert str(violation) == told


def test_a_violation_is_told_line_by_line_whatever_it_holds() -> None:
    found = Violation("form", "no\nform  b", "a\n  hint: c", who_can=("x\u202e",), hint="d\r")
    assert str(found).split("\n") == [
        r"form  a\n  hint: c",
        r"  no\nform  b",
        r"  who can: x\u202e",
        r"  hint: d\r",
    ]


def test_a_verdict_is_clean_without_violations() -> None:
    assert Verdict().clean
    assert not Verdict(violations=(Violation("form", "no"),)).clean


def test_a_violation_is_found_in_a_commit() -> None:
    found = Violation("form", "no", "a").of("4f1c")
    assert found.commit == "4f1c"
    assert found.of("5") == Violation("form", "no", "a", commit="5")


def test_a_violation_is_plain_values_for_programs() -> None:
    found = Violation("access", "no", "a", 3, "4f1c", ("carol",), "ask")
    assert json.loads(json.dumps(found.to_dict())) == {
        "rule": "access",
        "commit": "4f1c",
        "path": "a",
        "line": 3,
        "reason": "no",
        "who_can": ["carol"],
        "hint": "ask",
    }


def test_the_rules_are_seven() -> None:
    assert RULES == (
        "form",
        "schema",
        "identity",
        "lifecycle",
        "access",
        "governance",
        "requests",
    )
