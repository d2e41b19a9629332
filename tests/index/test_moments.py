"""Times in filters: a date is a whole day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.index.expressions import Value
from gitreg.index.moments import span

DAY = 86_400_000


@pytest.mark.parametrize(
    ("value", "start", "length"),
    [
        ("1970-01-02", DAY, DAY),
        ("2026-02-28", 1_772_236_800_000, DAY),
        ("9999-12-31", 253_402_214_400_000, DAY),
        ("0001-01-01", -62_135_596_800_000, DAY),
        ("1970-01-02T00:00", DAY, 1),
        ("1970-01-02 00:00:01", DAY + 1_000, 1),
        ("1970-01-02T00:00:00.250", DAY + 250, 1),
        ("1970-01-02T00:00:00Z", DAY, 1),
        ("1970-01-02T01:00:00+01:00", DAY, 1),
        ("0001-01-01T00:00+14:00", -62_135_647_200_000, 1),
        (1_772_236_800_000, 1_772_236_800_000, 1),
        (-5, -5, 1),
    ],
)
def test_a_time_is_a_span_of_ms(value: Value, start: int, length: int) -> None:
    assert span(value) == (start, start + length)


@pytest.mark.parametrize(
    "value",
    [
        "", "yesterday", "2026", "20260101", "2026-1-1", "2026-13-01", "2026-02-30",
        "2026-01-01T25:00",
        "2026-01-01T", "2026-01-01T00:00+99:00", " 2026-01-01", "1772236800000", 1.5, 10**15, 1e18,
        "٢٠٢٦-01-01",
    ],
)  # fmt: skip
def test_what_is_no_time_has_no_span(value: Value) -> None:
    assert span(value) is None


@given(st.text("0123456789-:+TZ. ") | st.integers() | st.floats())
def test_no_value_breaks_it(value: Value) -> None:
    found = span(value)
    assert found is None or found[0] < found[1]
