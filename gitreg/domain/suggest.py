"""A guess at what somebody meant to write."""

from collections.abc import Iterable

_LONGEST = 100
"""Characters; nobody mistypes more, and comparing takes time that grows with the length."""


def suggest(word: str, options: Iterable[str]) -> str:
    """Give ``did you mean "X"?`` for the option closest to ``word`` in any case, or ``""``."""
    from difflib import get_close_matches

    if len(word) > _LONGEST:
        return ""
    folded: dict[str, str] = {}
    for option in options:
        folded.setdefault(option.casefold(), option)
    close = get_close_matches(word.casefold(), folded, n=1)
    return f'did you mean "{folded[close[0]]}"?' if close else ""
