"""What can be searched: registered models, and versions of models."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """One kind of thing to search: its table, the letter its rows go by in SQL, and its plural."""

    table: str
    letter: str
    plural: str


MODELS = Subject("models", "m", "models")
VERSIONS = Subject("versions", "v", "versions")
