"""How people write a version: ``fraud/3``, ``fraud@champion``, ``models:/fraud/Production``."""

from dataclasses import dataclass

from gitreg.domain.names import ModelName, parse_number
from gitreg.errors import InvalidValueError

SCHEME = "models:/"
LATEST = "latest"
_HINT = "write MODEL/NUMBER, MODEL/STAGE, MODEL/latest or MODEL@ALIAS"


@dataclass(frozen=True, slots=True)
class Reference:
    """A version as it is written: by ``number``, by ``alias``, by ``stage``, or the latest."""

    model: ModelName
    number: int | None = None
    alias: str = ""
    stage: str = ""

    @property
    def latest(self) -> bool:
        """Tell whether the newest version is meant, whatever its stage."""
        return self.number is None and not self.alias and not self.stage


def parse_reference(text: str) -> Reference:
    """Read how a version is written; InvalidValueError if it is written in no known way."""
    plain = text.removeprefix(SCHEME)
    if "?" in plain and plain != text:
        raise InvalidValueError(f"{text!r}: a models:/ URI takes no query", hint="use --at")
    model, slash, version = plain.rpartition("/")
    at = ""
    if not slash:
        model, at, version = plain.rpartition("@")
    if not (slash or at) or not version:
        raise InvalidValueError(f"{text!r} is not a version", hint=_HINT)
    name = ModelName(model)
    number = parse_number(version) if slash else None
    if number is not None or version.lower() == LATEST:
        return Reference(name, number)
    return Reference(name, stage=version) if slash else Reference(name, alias=version)
