"""How two versions differ."""

from gitreg.domain.comparing import ABSENT, Comparison, Difference
from gitreg.domain.model import Artifact, Code, ModelVersion
from gitreg.domain.names import VersionRef

REF = VersionRef.parse("fraud/3")


def test_what_is_alike_does_not_differ() -> None:
    one = ModelVersion(REF, "None", source="x", tags=(("a", None),), metrics=(("auc", 0.9),))
    assert Comparison(one, one).differences == ()
    assert Comparison(one, one).to_dict()["equal"] is True
    other = ModelVersion(
        VersionRef.parse("fraud/7"), "None", source="x", tags=one.tags, metrics=one.metrics
    )
    assert Comparison(one, other).differences == (), "its number is not compared"


def test_fields_are_told_in_the_order_of_the_manifest() -> None:
    one = ModelVersion(
        REF,
        "Production",
        code=Code("https://git/risk", "4f1c2aa", dirty=True),
        artifact=Artifact("a" * 64, 10, 1),
        params=(("depth", "6"), ("trees", "9")),
        tags=(("a", None), ("b", "null")),
    )
    other = ModelVersion(
        REF,
        "None",
        code=Code("https://git/risk", "5aa0000"),
        artifact=Artifact("b" * 64, 10, 2),
        params=(("trees", "10"),),
        tags=(("a", "null"), ("b", "null")),
    )
    assert Comparison(one, other).differences == (
        Difference("stage", "Production", "None"),
        Difference("code.commit", "4f1c2aa", "5aa0000"),
        Difference("code.dirty", True, False),
        Difference("artifact.digest", "a" * 64, "b" * 64),
        Difference("artifact.files", 1, 2),
        Difference("tags.a", None, "null"),
        Difference("params.depth", "6", ABSENT),
        Difference("params.trees", "9", "10"),
    )


def test_what_is_not_there_is_left_out_of_the_data() -> None:
    assert Difference("tags.a", None, ABSENT).to_dict() == {"field": "tags.a", "a": None}
    assert Difference("tags.a", ABSENT, "").to_dict() == {"field": "tags.a", "b": ""}
