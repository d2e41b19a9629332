"""How verdicts and steps are told in text."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.domain import changes as c
from gitreg.domain.names import ModelName, VersionRef, hidden_character
from gitreg.domain.requests import Answer, Outcome, RequestName, TransitionRequest
from gitreg.domain.telling import parse_refusal, printable, tell_refusal, tell_step
from gitreg.domain.verdict import RULES, Violation

FRAUD = ModelName("fraud")
PATH = "models/fraud/versions/3.yaml"


def move(number: int, from_stage: str, to_stage: str) -> c.StageTransitioned:
    return c.StageTransitioned(PATH, VersionRef(FRAUD, number), from_stage, to_stage)


def answer(outcome: Outcome, *whose: str) -> Answer:
    names = (RequestName(VersionRef(FRAUD, 3), "Production", who) for who in whose)
    tips = (TransitionRequest(name, "9" * 40, "1" * 40, "Staging", "", 1, ()) for name in names)
    return Answer(outcome, tuple(tips))


# --- text ----------------------------------------------------------------------------------------


@given(st.text())
def test_printable_text_hides_nothing_but_keeps_lines_and_tabs(text: str) -> None:
    found = printable(text)
    assert hidden_character(found.replace("\n", "").replace("\t", "")) is None
    assert found.count("\n") == text.count("\n")
    assert printable(found) == found


def test_what_a_terminal_would_act_on_is_escaped() -> None:
    assert printable("a\x1b[2J\tb\nc\u202e") == "a\\x1b[2J\tb\nc\\u202e"
    assert printable("modèle 模型") == "modèle 模型"


# --- refusals ------------------------------------------------------------------------------------


def test_a_refusal_is_told_line_by_line() -> None:
    violation = Violation(
        "access", "fraud/3: no", PATH, who_can=("carol", "@platform"), hint="gitreg request"
    )
    assert list(tell_refusal("4f1c2aa", "alice", [violation, Violation("form", "no", "a", 3)])) == [
        "refused 4f1c2aa by alice",
        f"  access  {PATH}",
        "    fraud/3: no",
        "    who can: carol, @platform",
        "    hint: gitreg request",
        "  form  a:3",
        "    no",
    ]


def test_a_refusal_that_is_made_to_look_like_two_is_one() -> None:
    hostile = Violation("form", "no", "a\nform  b\n    accepted\u2028c\x1b[2J")
    told = list(tell_refusal("x\u202e", "eve", [hostile]))
    assert told == [
        r"refused x\u202e by eve",
        r"  form  a\nform  b\n    accepted\u2028c\x1b[2J",
        "    no",
    ]
    assert len(parse_refusal(told)) == 1


_words = st.from_regex(r"[a-z/]{1,8}( [a-z0-9]{1,8}){0,3}", fullmatch=True)
_violations = st.builds(
    Violation,
    st.sampled_from(RULES),
    _words,
    st.just("") | st.from_regex(r"[a-z/.]{1,20}", fullmatch=True),
    who_can=st.lists(st.from_regex(r"@?[a-z]{1,5}", fullmatch=True), max_size=3).map(tuple),
    hint=st.just("") | _words,
)


@given(st.lists(_violations, max_size=4), st.integers(0, 99))
def test_a_refusal_is_read_back_from_its_lines(found: list[Violation], line: int) -> None:
    full = [replace(one, line=line if one.path else 0) for one in found]
    assert list(parse_refusal(tell_refusal("4f1c2aa", "alice", full))) == full


def test_a_reason_over_several_lines_is_read_as_one() -> None:
    lines = ["  form  a", "    no,", "    not at all", "", "other words", "    who can: bob"]
    assert parse_refusal(lines) == (Violation("form", "no, not at all", "a", who_can=("bob",)),)


def test_what_is_no_refusal_is_read_as_none() -> None:
    assert parse_refusal(["", "    hint: x", "To ../origin", "  nothing  x"]) == ()
    assert parse_refusal([]) == ()


def test_a_reason_is_not_taken_for_a_hint() -> None:
    assert parse_refusal(["  form", "    hint: x"]) == (Violation("form", "hint: x"),)
    assert parse_refusal(["  form", "    who can: x"]) == (Violation("form", "who can: x"),)


# --- steps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "given", "told"),
    [
        (
            (move(3, "Staging", "Production"),),
            None,
            "fraud/3 Staging -> Production by carol",
        ),
        (
            (move(3, "Staging", "Production"), move(1, "Production", "Archived")),
            None,
            "fraud/3 Staging -> Production by carol; 1 archived",
        ),
        (
            (
                move(3, "Staging", "Production"),
                move(1, "Production", "Archived"),
                move(2, "Production", "Archived"),
            ),
            answer(Outcome.APPROVED, "bob"),
            (
                "fraud/3 Staging -> Production by carol, approves bob's request for Production; "
                "2 archived"
            ),
        ),
        (
            (),
            answer(Outcome.REJECTED, "bob", "eve"),
            "fraud/3 stays as it is by carol, rejects bob's and eve's request for Production",
        ),
        (
            (),
            answer(Outcome.CANCELLED, "carol"),
            "fraud/3 stays as it is by carol, cancels carol's request for Production",
        ),
        (
            (c.ModelCreated("models/fraud/model.yaml", FRAUD),),
            None,
            "model fraud created by carol",
        ),
        (
            tuple(c.DocumentChanged(f"{name}.md", "added") for name in "abc"),
            None,
            "a.md added; b.md added; c.md added by carol",
        ),
        (
            tuple(c.DocumentChanged(f"{name}.md", "added") for name in "abcd"),
            None,
            "a.md added; b.md added; 2 more changes by carol",
        ),
    ],
)
def test_a_step_is_told_in_one_line(
    changes: tuple[c.Change, ...], given: Answer | None, told: str
) -> None:
    assert tell_step("carol", changes, given) == told
