"""The grammar of the filter language."""

from gitreg.index.expressions import Filter


def parse(text: str) -> Filter:
    """Read a filter; an empty one lets everything pass.

    Raises InvalidValueError, whose message shows the place, for what is not of the language, or
    is longer than 65,536 characters, 500 comparisons or 50 levels.
    """
    raise NotImplementedError
