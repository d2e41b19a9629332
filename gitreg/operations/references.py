"""How people write a version: ``fraud/3``, ``fraud@champion``, ``models:/fraud/Production``."""

from gitreg.domain.names import ModelName, VersionRef, parse_number
from gitreg.errors import InvalidValueError, NotFoundError
from gitreg.manifest.snapshot import Snapshot

SCHEME = "models:/"
_HINT = "write MODEL/NUMBER, MODEL/STAGE, MODEL/latest or MODEL@ALIAS"


def resolve(snapshot: Snapshot, text: str) -> VersionRef:
    """Give the version that ``text`` means in ``snapshot``.

    A stage means its newest version, as in MLflow. Raises NotFoundError, or InvalidValueError if
    it is written in no known way.
    """
    plain = text.removeprefix(SCHEME)
    if "?" in plain and plain != text:
        raise InvalidValueError(f"{text!r}: a models:/ URI takes no query", hint="use --at")
    model, slash, version = plain.rpartition("/")
    if slash:
        return _numbered(snapshot, ModelName(model), version)
    model, at, alias = plain.rpartition("@")
    if not at:
        raise InvalidValueError(f"{text!r} is not a version", hint=_HINT)
    name = ModelName(model)
    if alias.lower() == "latest":
        return _numbered(snapshot, name, alias)
    number = snapshot.model(name).alias(alias)
    if number is None:
        raise NotFoundError(f"{name} has no alias {alias}", hint=f"gitreg model show {name}")
    return VersionRef(name, number)


def _numbered(snapshot: Snapshot, model: ModelName, version: str) -> VersionRef:
    number = parse_number(version)
    if number is not None:
        ref = VersionRef(model, number)
        snapshot.version(ref)
        return ref
    snapshot.model(model)
    if version.lower() == "latest":
        wanted, what = None, "any version"
    else:
        wanted = snapshot.settings.stages.parse(version).name
        what = f"a version in {wanted}"
    for number in reversed(snapshot.numbers(model)):
        found = snapshot.find_version(VersionRef(model, number))
        if found is not None and wanted in {None, found.stage}:
            return found.ref
    raise NotFoundError(f"{model} does not have {what}", hint=f"gitreg version list {model}")
