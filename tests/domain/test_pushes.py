"""What a push asks for: the refs it wants to move."""

import pytest

from gitreg.domain.pushes import MAX_INPUT, NOTHING, RefUpdate, read_updates
from gitreg.errors import InvalidValueError

OLD, NEW = "1" * 40, "2" * 40


def test_a_push_creates_moves_and_removes_refs() -> None:
    rows = ((NOTHING, NEW, "a"), (OLD, NEW, "b"), (OLD, NOTHING, "c"))
    lines = "".join(f"{old} {new} refs/heads/{name}\n" for old, new, name in rows)
    assert read_updates(lines.encode()) == (
        RefUpdate("refs/heads/a", None, NEW),
        RefUpdate("refs/heads/b", OLD, NEW),
        RefUpdate("refs/heads/c", OLD, None),
    )


def test_a_push_of_nothing_asks_for_nothing() -> None:
    assert read_updates(b"") == ()


@pytest.mark.parametrize("name", ["a\u2028b", "a\x85b", "a b", "a\x0b", "caf\u00e9"])
def test_a_ref_is_called_whatever_stands_on_its_line(name: str) -> None:
    [found] = read_updates(f"{OLD} {NEW} {name}\n".encode())
    assert found.name == name


def test_a_ref_that_is_not_utf8_keeps_its_bytes() -> None:
    [found] = read_updates(f"{OLD} {NEW} ".encode() + b"caf\xe9\n")
    assert found.name.encode("utf-8", "surrogateescape") == b"caf\xe9"


@pytest.mark.parametrize(
    "line",
    [
        f"{OLD} {NEW}",
        f"{OLD[:-1]} {NEW} a",
        f"{OLD} {NEW}2 a",
        f"{OLD} {'Z' * 40} a",
        f"{OLD} {'A' * 40} a",
        "nonsense",
        f" {OLD} {NEW} a",
    ],
)
def test_a_line_that_is_no_ref_update_is_refused(line: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_updates(f"{OLD} {NEW} fine\n{line}\n".encode())
    assert str(caught.value) == f"Git told the hook '{line[:120]}', which is no ref update"


def test_a_push_names_a_bounded_number_of_refs() -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_updates(b"x" * (MAX_INPUT + 1))
    assert str(caught.value) == "the push names too many refs"
    assert caught.value.hint == "push fewer at once"
