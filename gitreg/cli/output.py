"""How answers are written: text and tables for people, JSON and YAML for programs."""

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import click

from gitreg.domain.names import hidden_character
from gitreg.domain.telling import printable

GAP = "  "
NARROWEST = 12
"""Columns of a terminal below which no column of a table is cut."""
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
_MONTH = 30 * 86_400


# --- lines ----------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Write what was asked for, to stdout."""
    click.echo(printable(text))


def say_aside(text: str, *, label: str = "") -> None:
    """Write what people should know besides, to stderr."""
    click.echo(label + printable(text), err=True)


def on_terminal(*, aside: bool = False) -> bool:
    """Tell whether stdout, or (``aside``) stderr, is a terminal."""
    stream = sys.stderr if aside else sys.stdout
    return stream is not None and stream.isatty()


def paint(text: str, colour: str = "", *, bold: bool = False, aside: bool = False) -> str:
    """Give ``text`` in a colour on a terminal; plain elsewhere, and with NO_COLOR."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or not on_terminal(aside=aside):
        return text
    return click.style(text, fg=colour or None, bold=bold or None)


# --- data -----------------------------------------------------------------------------------------


def write_json(value: object) -> None:
    """Write JSON; characters that cannot be seen are escaped."""
    import json

    text = json.dumps(plain(value), ensure_ascii=False, indent=2)
    click.echo("".join(map(_escape, text)) if hidden_character(text.replace("\n", "")) else text)


def _escape(char: str) -> str:
    if char == "\n" or hidden_character(char) is None:
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def write_yaml(value: object) -> None:
    """Write YAML; characters that cannot be seen are escaped."""
    import yaml

    text = yaml.safe_dump(plain(value), allow_unicode=True, sort_keys=False, width=100)
    if hidden_character(text.replace("\n", "")) is not None:
        text = yaml.safe_dump(plain(value), allow_unicode=False, sort_keys=False, width=100)
    click.echo(text, nl=False)


def plain(value: object) -> object:
    """Give ``value`` in what JSON and YAML both have."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return value


# --- times ----------------------------------------------------------------------------------------


def tell_time(milliseconds: int, *, now: int) -> str:
    """Tell a time in ms since 1970 as people do: ``2 hours ago``, or the day if it is long ago."""
    seconds = (now - milliseconds) // 1000
    if -60 < seconds < 60:
        return "just now"
    if 0 < seconds < _MONTH:
        for length, unit in _UNITS:
            count = seconds // length
            if count:
                return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d}"


def tell_span(milliseconds: int) -> str:
    """Tell how long something took as people do: ``2 hours``."""
    seconds = milliseconds // 1000
    for length, unit in (*_UNITS, (1, "second")):
        count = seconds // length
        if count > 0:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "no time"


def write_span(milliseconds: int) -> str:
    """Write how long something took as ISO 8601 does: ``P3DT4H5M6S``."""
    seconds = max(milliseconds, 0) // 1000
    days, rest = divmod(seconds, 86_400)
    parts = ((rest // 3_600, "H"), (rest // 60 % 60, "M"), (rest % 60, "S"))
    time = "".join(f"{count}{unit}" for count, unit in parts if count)
    day = f"{days}D" if days else ""
    return f"P{day}T{time}" if time else f"P{day or 'T0S'}"


# --- sizes ----------------------------------------------------------------------------------------


def tell_size(count: int) -> str:
    """Tell a number of bytes as people do: ``1.2 GiB``."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size) < 1024:
            return f"{count} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


# --- tables ---------------------------------------------------------------------------------------


def width_of(text: str) -> int:
    """Give how many columns of a terminal ``text`` takes."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Give as much of ``text`` as fits ``width`` columns, with an ellipsis where it is cut."""
    if width_of(text) <= width:
        return text
    kept, used = [], 1
    for char in text:
        used += _width(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept).rstrip() + "…"


def one_line(text: str) -> str:
    """Give ``text`` as one printable line."""
    return printable(" ".join(text.split()))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Give the lines of a table; a column that is empty in every row is left out.

    On a terminal the widest column is cut until a line fits.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    kept = [at for at in range(len(columns)) if not cells or any(row[at] for row in cells)]
    titles = [columns[at] for at in kept]
    cells = [[row[at] for at in kept] for row in cells]
    widths = [
        max([width_of(titles[at]), *(width_of(row[at]) for row in cells)])
        for at in range(len(titles))
    ]
    if on_terminal():
        widths = _fitted(widths, shutil.get_terminal_size().columns)
    yield paint(_line(titles, widths), bold=True)
    for row in cells:
        yield _line(row, widths)


def _fitted(widths: list[int], room: int) -> list[int]:
    """Narrow the widest column, again and again, until a line fits ``room``."""
    fitted = [min(width, room) for width in widths]
    over = sum(fitted) + len(GAP) * (len(fitted) - 1) - room
    while over > 0 and max(fitted) > NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
        over -= 1
    return fitted


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = [cut(cell, width) for cell, width in zip(cells, widths, strict=True)]
    padded = [
        cell + " " * (width - width_of(cell)) for cell, width in zip(fitted, widths, strict=True)
    ]
    return GAP.join(padded).rstrip()


def sheet(title: str, fields: Mapping[str, str]) -> Iterator[str]:
    """Give the lines that tell one thing, a field a line; empty fields are left out."""
    yield paint(printable(title), bold=True)
    told = {name: text for name, text in fields.items() if text}
    indent = max(map(len, told), default=0) + 4
    for name, text in told.items():
        first, *more = printable(text).splitlines() or [""]
        yield f"  {name.ljust(indent - 2)}{first}"
        for line in more:
            yield f"{' ' * indent}{line}".rstrip()
