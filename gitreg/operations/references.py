"""Which version somebody means who writes ``fraud/3`` or ``fraud/Production``."""

from gitreg.domain.names import VersionRef
from gitreg.domain.references import Reference, parse_reference
from gitreg.errors import NotFoundError
from gitreg.manifest.snapshot import Snapshot


def resolve(snapshot: Snapshot, text: str) -> VersionRef:
    """Give the version that ``text`` means in ``snapshot``.

    A stage means its newest version, as in MLflow. Raises NotFoundError, or InvalidValueError if
    it is written in no known way.
    """
    reference = parse_reference(text)
    if reference.number is not None:
        ref = VersionRef(reference.model, reference.number)
        snapshot.version(ref)
        return ref
    if reference.alias:
        return _aliased(snapshot, reference)
    return _newest(snapshot, reference)


def _aliased(snapshot: Snapshot, reference: Reference) -> VersionRef:
    name = reference.model
    number = snapshot.model(name).alias(reference.alias)
    if number is None:
        raise NotFoundError(
            f"{name} has no alias {reference.alias}", hint=f"gitreg model show {name}"
        )
    return VersionRef(name, number)


def _newest(snapshot: Snapshot, reference: Reference) -> VersionRef:
    model = snapshot.model(reference.model).name
    stages = snapshot.settings.stages
    wanted = None if reference.latest else stages.parse(reference.stage).name
    for number in reversed(snapshot.numbers(model)):
        found = snapshot.find_version(VersionRef(model, number))
        if found is not None and wanted in {None, found.stage}:
            return found.ref
    raise NotFoundError(
        f"{model} does not have {f'a version in {wanted}' if wanted else 'any version'}",
        hint=f"gitreg version list {model}",
    )
