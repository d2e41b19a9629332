"""A guess at what somebody meant to write."""

from collections.abc import Iterable

_LONGEST = 100
"""Characters; nobody mistypes more, and comparing takes time that grows with the length."""


def suggest(word: str, options: Iterable[str]) -> str:
    """Give ``did you mean "X"?`` for the option closest to ``word`` in any case, or ``""``.

    Without a close one it is the only option that starts with ``word``.
    """
    from difflib import get_close_matches

    if len(word) > _LONGEST:
        return ""
    folded: dict[str, str] = {}
    for option in options:
        folded.setdefault(option.casefold(), option)
    wanted = word.casefold()
    found = get_close_matches(wanted, folded, n=1)
    longer = [option for option in folded if option.startswith(wanted)] if wanted else []
    if not found and len(longer) == 1:
        found = longer
    return f'did you mean "{folded[found[0]]}"?' if found else ""
