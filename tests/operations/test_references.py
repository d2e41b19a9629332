"""How people write a version, and which one they mean."""

import pytest
from support import MODEL, TOMBSTONE, files, tree, version

from gitreg.domain.names import VersionRef
from gitreg.errors import GitregError, InvalidValueError, NotFoundError
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.references import resolve

HINT = "write MODEL/NUMBER, MODEL/STAGE, MODEL/latest or MODEL@ALIAS"


@pytest.fixture(scope="module")
def registry() -> Snapshot:
    return tree(
        files(
            **{
                "models/fraud/model.yaml": f"{MODEL}aliases: {{champion: 1, Größe-1: 2}}\n",
                "models/fraud/versions/4.yaml": version("Staging"),
                "models/fraud/versions/5.yaml": TOMBSTONE,
                "models/a%40b/model.yaml": f"{MODEL}aliases: {{c: 1}}\n",
                "models/a%40b/versions/1.yaml": version("Production"),
                "models/a/model.yaml": MODEL,
                "models/50%25/model.yaml": MODEL,
                "models/50%25/versions/1.yaml": version(),
            }
        )
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("fraud/3", "fraud/3"),
        ("fraud/Production", "fraud/1"),
        ("fraud/production", "fraud/1"),
        ("fraud/Staging", "fraud/4"),
        ("fraud/None", "fraud/3"),
        ("fraud/latest", "fraud/4"),
        ("fraud/LATEST", "fraud/4"),
        ("fraud@latest", "fraud/4"),
        ("fraud@champion", "fraud/1"),
        ("fraud@Größe-1", "fraud/2"),
        ("models:/fraud/3", "fraud/3"),
        ("models:/fraud/Staging", "fraud/4"),
        ("models:/fraud@champion", "fraud/1"),
        ("a@b/1", "a@b/1"),
        ("a@b/Production", "a@b/1"),
        ("a@b@c", "a@b/1"),
        ("models:/a@b@latest", "a@b/1"),
        ("50%/1", "50%/1"),
    ],
)
def test_a_version_is_written_in_several_ways(registry: Snapshot, text: str, meant: str) -> None:
    assert resolve(registry, text) == VersionRef.parse(meant)


LIST = "gitreg version list fraud"
STAGES = "is not a stage of this registry; they are None, Staging, Production, Archived"


@pytest.mark.parametrize(
    ("text", "kind", "told", "hint"),
    [
        ("fraud", InvalidValueError, "'fraud' is not a version", HINT),
        ("models:/fraud", InvalidValueError, "'models:/fraud' is not a version", HINT),
        ("", InvalidValueError, "'' is not a version", HINT),
        ("/3", InvalidValueError, "a model needs a name", ""),
        ("@champion", InvalidValueError, "a model needs a name", ""),
        (
            "models://other/fraud/3",
            InvalidValueError,
            "'/other/fraud' is no model name: it holds '/' or ':'",
            "use '-' or '.' instead",
        ),
        (
            "models:/fraud/3?at=2026-01-01",
            InvalidValueError,
            "'models:/fraud/3?at=2026-01-01': a models:/ URI takes no query",
            "use --at",
        ),
        ("fraud/9", NotFoundError, "there is no version fraud/9", LIST),
        ("fraud/5", NotFoundError, "there is no version fraud/5 any more: it was deleted", LIST),
        ("fraud/03", InvalidValueError, f"'03' {STAGES}", ""),
        ("fraud/", InvalidValueError, "'fraud/' is not a version", HINT),
        ("fraud/Stagin", InvalidValueError, f"'Stagin' {STAGES}", 'did you mean "Staging"?'),
        ("fraud/Archived", NotFoundError, "fraud does not have a version in Archived", LIST),
        ("a/latest", NotFoundError, "a does not have any version", "gitreg version list a"),
        ("a@latest", NotFoundError, "a does not have any version", "gitreg version list a"),
        ("fraud@x", NotFoundError, "fraud has no alias x", "gitreg model show fraud"),
        ("a@b", NotFoundError, "a has no alias b", "gitreg model show a"),
        ("churn/3", NotFoundError, "there is no model churn", "gitreg model list"),
        ("churn/Staging", NotFoundError, "there is no model churn", "gitreg model list"),
        ("churn@x", NotFoundError, "there is no model churn", "gitreg model list"),
        ("what?/3", NotFoundError, "there is no model what?", "gitreg model list"),
    ],
)
def test_what_means_no_version_is_told(
    registry: Snapshot, text: str, kind: type[GitregError], told: str, hint: str
) -> None:
    with pytest.raises(GitregError) as caught:
        resolve(registry, text)
    assert type(caught.value) is kind
    assert (str(caught.value), caught.value.hint) == (told, hint)
