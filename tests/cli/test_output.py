"""Tables, data and times, as they are written."""

import json

import pytest
import yaml
from cli.calling import Desk
from hypothesis import given
from hypothesis import strategies as st

from gitreg.cli import output
from gitreg.cli.output import (
    cut,
    one_line,
    sheet,
    table,
    tell_span,
    tell_time,
    width_of,
    write_span,
)

DAY = 86_400_000
NOW = 1_767_268_800_000


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write to a terminal of 40 columns that knows no colours."""
    monkeypatch.setattr(output, "on_terminal", lambda **_: True)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "dumb")


def test_columns_are_aligned_by_what_a_terminal_shows() -> None:
    rows = [("日本", "x"), ("e\u0301", "y"), ("plain", "z")]
    assert list(table(("NAME", "V"), rows)) == [
        "NAME   V",
        "日本   x",
        "e\u0301      y",
        "plain  z",
    ]


def test_a_column_that_is_empty_is_left_out() -> None:
    assert list(table(("A", "B", "C"), [("1", "", "x"), ("2", "", "")])) == ["A  C", "1  x", "2"]
    assert list(table(("A", "B"), [])) == ["A  B"]


def test_a_cell_is_one_printable_line() -> None:
    assert one_line("a\n b\tc  ") == "a b c"
    assert one_line("\x1b[31mred\u202e") == "\\x1b[31mred\\u202e"


def test_a_pipe_gets_the_whole_text() -> None:
    assert list(table(("A",), [("x" * 500,)]))[1] == "x" * 500


@pytest.mark.usefixtures("narrow")
def test_a_terminal_gets_lines_that_fit() -> None:
    head, row = table(("A", "LONG", "LONGER"), [("1", "x" * 30, "日" * 40)])
    assert head == "A  LONG               LONGER"
    assert row == "1  xxxxxxxxxxxxxxxx…  日日日日日日日日…"
    assert width_of(row) <= 40


@pytest.mark.usefixtures("narrow")
def test_a_table_of_many_columns_keeps_each_readable() -> None:
    _, row = table(tuple("ABCDE"), [["x" * 20] * 5])
    assert row.split() == ["x" * 11 + "…"] * 5


@given(st.text(), st.integers(min_value=1, max_value=30))
def test_what_is_cut_fits(text: str, width: int) -> None:
    line = one_line(text)
    assert width_of(cut(line, width)) <= width
    assert width_of(line) > width or cut(line, width) == line


def test_a_sheet_leaves_empty_fields_out_and_indents_lines() -> None:
    told = list(sheet("fraud/1", {"stage": "None", "tags": "", "note": "one\n\ntwo"}))
    assert told == ["fraud/1", "  stage  None", "  note   one", "", "         two"]
    assert list(sheet("fraud", {})) == ["fraud"]


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (0, "just now"),
        (59_999, "just now"),
        (-30_000, "just now"),
        (60_000, "1 minute ago"),
        (3_600_000 - 1, "59 minutes ago"),
        (2 * 3_600_000, "2 hours ago"),
        (DAY, "1 day ago"),
        (29 * DAY, "29 days ago"),
        (31 * DAY, "2025-12-01"),
        (-DAY, "2026-01-02"),
    ],
)
def test_a_time_is_told_as_people_do(ago: int, told: str) -> None:
    assert tell_time(NOW - ago, now=NOW) == told


@pytest.mark.parametrize(
    ("span", "told", "written"),
    [
        (0, "no time", "PT0S"),
        (-1, "no time", "PT0S"),
        (1_000, "1 second", "PT1S"),
        (59_999, "59 seconds", "PT59S"),
        (3_600_000, "1 hour", "PT1H"),
        (2 * 3_600_000 + 61_000, "2 hours", "PT2H1M1S"),
        (DAY, "1 day", "P1D"),
        (400 * DAY + 3_600_000, "400 days", "P400DT1H"),
    ],
)
def test_a_span_is_told_as_people_do_or_written_as_iso(span: int, told: str, written: str) -> None:
    assert (tell_span(span), write_span(span)) == (told, written)


DATA: dict[str, object] = {
    "text": "日本 \x9b31m \u202e \U000e0001 \ud800",
    "lines": ("a\nb", None, True, 1.5),
    "empty": {},
}


def test_json_holds_no_character_that_cannot_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    output.write_json(DATA)
    told = capsys.readouterr().out
    assert "日本" in told
    assert told.replace("\n", "").isprintable()
    assert json.loads(told) == {**DATA, "lines": ["a\nb", None, True, 1.5]}


@pytest.mark.parametrize("hidden", ["", "\x9b", "\u202e", "\U000e0001", "\u0085"])
def test_yaml_holds_no_character_that_cannot_be_seen(
    hidden: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output.write_yaml({"text": f"日本{hidden}", "lines": ("a\nb",)})
    told = capsys.readouterr().out
    assert told.replace("\n", "").isprintable()
    assert yaml.safe_load(told) == {"text": f"日本{hidden}", "lines": ["a\nb"]}


@pytest.mark.parametrize("text", ["\x1b]0;owned\x07", "\x9b31m", "right\u202eleft"])
def test_no_command_writes_what_a_terminal_would_obey(text: str, alice: Desk) -> None:
    alice.does("version", "tag", "fraud/1", f"note={text}")
    alice.does("comment", "add", "fraud/1", text)
    alice.does("request", "create", "fraud/1", "Staging", "-m", f"please {text}")
    alice.does("model", "card", "fraud", "-", stdin=f"# {text}\n")
    calls = (
        "version show fraud/1",
        "version show fraud/1 -o json",
        "version show fraud/1 -o yaml",
        "comment list fraud/1",
        "request list",
        "request show fraud/1 Staging",
        "model card fraud",
        "model card fraud -o yaml",
        "log",
        "log -o json",
        "diff HEAD~3",
        "blame fraud/1",
        "blame fraud/1 -o json",
        "why fraud/1",
        "why fraud/1 -o yaml",
    )
    for call in calls:
        told = alice.does(*call.split())
        assert told.replace("\n", "").isprintable(), call
    told = alice.fails(3, "version", "show", "fraud/1", "--at", text)
    assert told.replace("\n", "").isprintable()
