"""Whatever is pushed, the guard says what happened or what is wrong: it never fails."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import (
    MODEL,
    PERMISSIONS,
    REGISTRY,
    TOMBSTONE,
    changed,
    comment,
    commit,
    files,
    planted,
    step,
    tree,
    version,
)

from gitreg.domain.changes import KINDS
from gitreg.domain.verdict import RULES, Verdict
from gitreg.guard.verify import verify
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Tip
from gitreg.manifest.trees import EMPTY_TREE, FILE, FOLDER

patient = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))

ID = "a" * 32
PATHS = (
    "registry.yaml", "PERMISSIONS", "README.md", "docs/a.md", "docs", "models", "models/x",
    "models/fraud", "models/fraud/model.yaml", "models/fraud/PERMISSIONS", "models/fraud/README.md",
    "models/fraud/notes", "models/fraud/versions", "models/fraud/versions/1.yaml",
    "models/fraud/versions/2.yaml", "models/fraud/versions/3.yaml", "models/fraud/versions/4.yaml",
    "models/fraud/versions/04.yaml", "models/fraud/versions/9", "models/fraud/comments",
    f"models/fraud/comments/3/{ID}.yaml", f"models/fraud/comments/7/{ID}.yaml",
    "models/fraud/comments/3", "models/fraud/comments/x", "models/Fraud/model.yaml",
    "models/new/model.yaml", "models/new/PERMISSIONS", "models/new/versions/1.yaml", "models/con/a",
    "models/f0/fraud/model.yaml", "models/f0/fraud/versions/1.yaml", "\u202e", "models/%2E",
)  # fmt: skip
TEXTS: tuple[str | bytes, ...] = (
    b"", b"[", b"\xff\xfe", b"- 1\n", b"1\n", b"a: 1\n", b"text", b"apiVersion: gitreg/v1\n",
    REGISTRY, REGISTRY + "layout: sharded\n", REGISTRY + "rules: {case_twins: allow}\n",
    REGISTRY + "stages: [{name: None}, {name: Live}, {name: Archived}]\n",
    REGISTRY + "identity: {principal: email}\nrules: {merges: any, self_approval: refuse}\n",
    REGISTRY + "identity: {delegates: [{name: admin, vouches: author}]}\n",
    PERMISSIONS, "/ manage alice\n", "manage alice\n", "@a = @b\n@b = @a\n", "/ none x\n", "\u202e",
    MODEL, MODEL + "aliases: {champion: 3, gone: 99}\n", MODEL + "tags: {a: 1}\n", TOMBSTONE,
    version(), version("Staging"), version("Production"), version("Nowhere"), version(more=""),
    version(more=f"artifact: {{digest: sha256:{'0' * 64}, size: 1, files: 1}}\n"),
    comment("admin", "hi"), comment("eve", "hi"), "apiVersion: gitreg/v1\nkind: ModelVersion\n",
)  # fmt: skip
BASES = (
    tree(files()),
    tree(files(**{f"models/fraud/comments/3/{ID}.yaml": comment("eve", "x")})),
    tree({"registry.yaml": REGISTRY, "PERMISSIONS": PERMISSIONS}),
    tree(files(**{"registry.yaml": REGISTRY + "rules: {merges: any, delete_active: allow}\n"})),
)
BLOB = BASES[0].objects.write("blob", b"x")
LOOSE = (
    (FILE, BLOB), ("120000", BLOB), ("160000", "4" * 40), (FILE, "4" * 40), (FOLDER, "4" * 40),
    (FOLDER, EMPTY_TREE), (FILE, EMPTY_TREE), (FOLDER, BLOB), ("100755", BLOB),
)  # fmt: skip
users = st.sampled_from(["admin", "alice", "eve", "Nobody Known"])
messages = st.sampled_from(
    ["m\n"]
    + [f"m\n\nGitreg-Answer: {word}\n" for word in ("approved", "rejected", "cancelled", "what")]
    + ["m\n\nGitreg-Original-User: zoe\n", "m\n\nGitreg-Time: soon\n"]
)
edits = st.dictionaries(
    st.sampled_from(PATHS), st.none() | st.sampled_from(TEXTS), min_size=1, max_size=4
)


@st.composite
def trees(draw: st.DrawFn, before: Snapshot) -> Snapshot:
    """Draw what somebody made of a registry."""
    then = before
    for path, text in draw(edits).items():
        then = changed(then, {path: text})
    if draw(st.integers(0, 4)) == 0:
        mode, identifier = draw(st.sampled_from(LOOSE))
        then = planted(then, draw(st.sampled_from(PATHS)), mode, identifier)
    return then


def check(verdict: Verdict) -> None:
    """See that the verdict says something, and can be told."""
    assert verdict.clean is (verdict.refused is None)
    for violation in verdict.violations:
        assert violation.rule in RULES
        assert str(violation).count("\n") >= 1
        assert violation.commit
        assert violation.to_dict()["reason"] == violation.reason
    for judged in verdict.accepted:
        assert judged.changes or judged.answer is not None
        for change in judged.changes:
            assert change.kind in KINDS
            assert str(change)
            assert change.to_dict()["text"] == str(change)


@patient
@given(st.data())
def test_any_edit_is_judged(data: st.DataObject) -> None:
    before = data.draw(st.sampled_from(BASES))
    then = data.draw(trees(before))
    one = step(data.draw(users), before, then, message=data.draw(messages))
    check(verify([one]))


@patient
@given(st.data())
def test_any_first_commit_is_judged(data: st.DataObject) -> None:
    then = data.draw(trees(data.draw(st.sampled_from([*BASES, Snapshot(BASES[0].objects)]))))
    check(verify([step(data.draw(users), None, then, message=data.draw(messages))]))


@patient
@given(st.data())
def test_any_merge_is_judged(data: st.DataObject) -> None:
    before = data.draw(st.sampled_from(BASES))
    tips = []
    for number in range(8, 8 + data.draw(st.integers(1, 2))):
        base = data.draw(st.just(before) | st.sampled_from(BASES))
        who = commit(data.draw(users), number=number)
        side = Snapshot(base.objects) if data.draw(st.integers(0, 9)) == 0 else base
        tips.append(Tip(who, side, data.draw(trees(base))))
    then = data.draw(st.sampled_from([before, *(one.after for one in tips)]) | trees(before))
    one = step(data.draw(users), before, then, tips=tuple(tips), message=data.draw(messages))
    check(verify([replace(one, stored=data.draw(st.sampled_from([None, one.stored])))]))


@patient
@given(st.data())
def test_a_walk_is_judged_like_its_steps(data: st.DataObject) -> None:
    before = data.draw(st.sampled_from(BASES))
    steps = []
    for number in range(2, 5):
        then = data.draw(trees(before))
        who = data.draw(users)
        made = commit(who, number=number, parents=(f"{number - 1:040x}",))
        steps.append(replace(step(who, before, then), commit=made))
        if not verify(steps[-1:]).clean:
            break
        before = then
    verdict = verify(steps)
    check(verdict)
    assert len(verdict.accepted) == len(steps) - (not verdict.clean)
