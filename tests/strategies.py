"""What tests draw from: names, sound registries, operations on them, and edits of their trees."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from support import MODEL, comment, tree, version

from gitreg.domain.access import Level
from gitreg.domain.model import READY, STATUSES, Artifact, Code
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.settings import FLAT, SHARDED
from gitreg.errors import InvalidValueError
from gitreg.manifest import kinds, layout
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import (
    EMPTY_TREE,
    FILE,
    FOLDER,
    Entry,
    MemoryObjects,
    Objects,
    entries,
    replace,
)
from gitreg.operations import models as m
from gitreg.operations import permissions as p
from gitreg.operations import versions as v
from gitreg.operations.plan import Operation

Draw: TypeAlias = st.DrawFn
Leaves: TypeAlias = Mapping[str, Entry]
T = TypeVar("T")

patient = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
"""How every property runs: no deadline, since a shared machine is slow at times."""

# --- names and texts -------------------------------------------------------------------------

ODD_NAMES = (
    "fraud", "Fraud detector", "a@b", "con", "Nul.txt", "x.lock", "..a", "50%", "größe", "ﬁ",
    "İstanbul", "模型", "-rf", "@", "a+b", "e\u0301", "~", "HEAD", "a b@c d", "1", "model.yaml",
)  # fmt: skip
TEXTS = (
    "", "plain", "two\nlines\n", "no end\n\nof it", "# no comment", "yes", "3", " spaced ",
    'a "quoted" one', "a: b", "- x", "| x", "é\u0301\u2028", "\x00\x85\t", "{", "null", "…" * 70,
)  # fmt: skip
TAG_KEYS = ("team", "größe/a b.c-d:e_f", "on", "3", "x-1")
ALIASES = ("champion", "größe-1", "prod_x", "yes", "1")
USERS = ("alice", "bob", "carol", "dave@acme.com")
IDS = ("0" * 32, "1" * 32, "f" * 32)
DIGEST = "sha256:" + "0f" * 32

texts = st.sampled_from(TEXTS)


def _is_model_name(text: str) -> bool:
    try:
        ModelName(text)
    except InvalidValueError:
        return False
    return True


model_names = st.builds(
    ModelName,
    st.sampled_from(ODD_NAMES) | st.text(min_size=1, max_size=12).filter(_is_model_name),
)
tags = st.dictionaries(st.sampled_from(TAG_KEYS), texts | st.none(), max_size=3)
metrics = st.dictionaries(
    st.sampled_from(("auc", "a b", "3", "x\ny")),
    st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False, width=32),
    max_size=2,
)
artifacts = st.builds(Artifact, st.just(DIGEST), st.integers(0, 9), st.integers(0, 9))
codes = st.builds(
    Code, st.sampled_from(("", "https://x")), st.sampled_from(("", "4f1")), dirty=st.booleans()
)
levels = st.sampled_from([level for level in Level if level is not Level.NONE])
grantees = st.sampled_from((*USERS, "@risk", "@everyone"))

# --- one registry for examples -----------------------------------------------------------------

ARTIFACT = f"source: s3://ml/1\nartifact: {{digest: '{DIGEST}', size: 3, files: 1}}\n"
VERSION_2 = "models/fraud/versions/2.yaml"
SAID = f"models/fraud/comments/2/{IDS[0]}.yaml"
TWO = version(
    "Staging",
    "source: s3://ml/1\nstatus: PENDING_REGISTRATION\ndescription: old\n"
    "tags: {a: x}\nmetrics: {auc: 0.5}\n",
)
RICH: dict[str, str] = {
    "registry.yaml": "apiVersion: gitreg/v1\nkind: Registry\nname: acme\n"
    "protected_aliases: [champ*]\n",
    "docs/guide.md": "# guide\n",
    "models/fraud/model.yaml": f"{MODEL}description: old\ntags: {{team: risk, none: null}}\n"
    "aliases: {champion: 1, next: 2}\n",
    "models/fraud/README.md": "# card\n",
    "models/fraud/PERMISSIONS": "manage alice\n",
    VERSION_2: TWO,
    SAID: comment("alice", "well done"),
}
"""More of everything, to be laid over ``support.files()``."""


def shaped(snapshot: Snapshot, shape: str) -> Snapshot:
    """Give a registry in the other layout."""
    edits = p.ChangeLayout(shape).plan(snapshot).edits
    return Snapshot(snapshot.objects, edits.applied(snapshot.objects, snapshot.tree))


# --- registries ------------------------------------------------------------------------------

STAGES = ("None", "Staging", "Production", "Archived", "Canary", "Old")
Data: TypeAlias = dict[str, Any]  # Any: JSON


@st.composite
def registry_data(draw: Draw, shape: str | None = None) -> Data:
    """Draw what a registry.yaml says."""
    allow = st.sampled_from(("allow", "refuse"))
    rules: Data = {
        "case_twins": draw(allow),
        "delete_active": draw(allow),
        "rename_active": draw(allow),
        "creator": draw(st.sampled_from(("manage", "edit", "none"))),
    }
    return {
        "name": "acme",
        "layout": shape or draw(st.sampled_from((FLAT, SHARDED))),
        "stages": [
            {"name": name, "protected": name == "Production", "retired": name == "Old"}
            for name in STAGES
        ],
        "protected_aliases": draw(st.sampled_from(([], ["champ*"]))),
        "rules": rules,
    }


@st.composite
def written(draw: Draw, kind: str, data: Data) -> bytes:
    """Draw a way to write a manifest: ours, or one that an author may choose."""
    canonical = kinds.render(kind, data)
    style = draw(st.sampled_from(("ours", "ours", "commented", "flow", "windows")))
    if style == "commented":
        return b"# by hand\n" + canonical + b"# the end\nx-ours: {kept: [as, it, is]} # too\n"
    if style == "flow":
        full = {"apiVersion": kinds.API_VERSION, "kind": kind, **data}
        return json.dumps({key: value for key, value in full.items() if value != ""}).encode()
    return canonical.replace(b"\n", b"\r\n") if style == "windows" else canonical


@st.composite
def version_data(draw: Draw) -> Data:
    """Draw what the manifest of a live version says."""
    artifact = draw(st.none() | artifacts)
    status = draw(st.sampled_from((READY, *STATUSES)))
    data: Data = {
        "stage": draw(st.sampled_from(STAGES)),
        "source": draw(st.sampled_from(("s3://ml/1", "models:/fraud/1")))
        if artifact is None
        else "",
        "status": status,
        "status_message": "" if status == READY else draw(texts),
        "description": draw(texts),
        "tags": draw(tags),
        "metrics": draw(metrics),
        "params": draw(st.sampled_from(({}, {"n": "200"}))),
    }
    if artifact is not None:
        data["artifact"] = {"digest": DIGEST, "size": artifact.size, "files": artifact.files}
    return data


@st.composite
def model_files(draw: Draw, folder: str, *, least: int = 0) -> dict[str, bytes]:
    """Draw the files of one model; ``least`` live versions have so many comments and aliases."""
    found: dict[str, bytes] = {}
    live = []
    for number in range(1, draw(st.integers(least, 3)) + 1):
        path = layout.version_file(folder, number)
        if number > least and draw(st.integers(0, 4)) == 0:
            found[path] = kinds.TOMBSTONE
            continue
        live.append(number)
        found[path] = draw(written(kinds.VERSION, draw(version_data())))
        identifiers = st.lists(st.sampled_from(IDS), min_size=least, max_size=2, unique=True)
        for identifier in draw(identifiers):
            said = {"author": draw(st.sampled_from(USERS)), "text": draw(texts) or "well"}
            path = layout.comment_file(folder, number, identifier)
            found[path] = draw(written(kinds.COMMENT, said))
    declared: Data = {"description": draw(texts), "tags": draw(tags)}
    if live:
        one = st.sampled_from(live)
        pointing = st.dictionaries(st.sampled_from(ALIASES), one, min_size=least, max_size=2)
        declared["aliases"] = draw(pointing)
    found[layout.model_file(folder)] = draw(written(kinds.MODEL, declared))
    if draw(st.booleans()):
        found[layout.card_file(folder)] = draw(texts).encode()
    if draw(st.booleans()):
        found[layout.permissions_file(folder)] = draw(permission_texts(pattern=False)).encode()
    return found


@st.composite
def permission_texts(draw: Draw, *, pattern: bool) -> str:
    """Draw a PERMISSIONS file, a registry's (with patterns and a group) or a model's own."""
    lines = []
    for _ in range(draw(st.integers(0, 4))):
        scope = draw(st.sampled_from(("/", "*", "fraud*"))) + " " if pattern else ""
        gap = draw(st.sampled_from((" ", "   ", "\t", "\u00a0")))
        names = draw(st.lists(grantees, min_size=1, max_size=3))
        lines.append(scope + gap.join((str(draw(levels)), *names)))
        lines.append(draw(st.sampled_from(("", "", "# a comment", "  "))))
    if pattern:
        lines += ["@risk = alice bob # a group", "/ manage admin"]
    ending = draw(st.sampled_from(("\n", "\n", "\r\n")))
    return ending.join(lines) + draw(st.sampled_from((ending, "", " # end")))


@st.composite
def registries(draw: Draw, *, least: int = 0, shape: str | None = None) -> Snapshot:
    """Draw a sound registry, in either or a certain layout.

    It has at least so many models; half of those that have any have something of everything.
    """
    data = draw(registry_data(shape))
    twins = data["rules"]["case_twins"] == "allow"
    names = draw(
        st.lists(
            model_names,
            min_size=least,
            max_size=3,
            unique_by=lambda name: name.text if twins else name.folded,
        )
    )
    found = {
        "registry.yaml": draw(written(kinds.REGISTRY, data)),
        "PERMISSIONS": draw(permission_texts(pattern=True)).encode(),
        "README.md": b"# acme\n",
        "docs/a/b.md": b"b",
    }
    busy = draw(st.integers(0, 1))
    for name in names:
        found |= draw(model_files(layout.model_folder(name, data["layout"]), least=busy))
        busy = 0
    return tree(found)


# --- operations ------------------------------------------------------------------------------


def _pick(items: Sequence[T], otherwise: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """Draw one of ``items`` mostly, and something else at times."""
    return st.one_of(*[st.sampled_from(items)] * 4, otherwise) if items else otherwise


def operations(
    snapshot: Snapshot,
) -> Mapping[type[Operation], st.SearchStrategy[Operation]]:
    """Give, for each kind of operation, a strategy of those that mostly apply to ``snapshot``."""
    known = snapshot.models()
    live = [one.ref for name in known for one in snapshot.versions(name)]
    said = [(ref, one.id, one.author) for ref in live for one in snapshot.comments(ref)]
    pointing = [
        (name, alias, number) for name in known for alias, number in snapshot.model(name).aliases
    ]
    name = _pick(known, model_names)
    ref = _pick(live, st.builds(VersionRef, name, st.integers(1, 4)))
    alias = st.sampled_from(ALIASES)
    sources = [f"models:/{one}" for one in live]
    sources += [f"models:/{model}@{text}" for model, text, _ in pointing]
    scope = st.builds(p.Scope, name) | st.builds(
        p.Scope, pattern=st.sampled_from(("/", "*", "fraud*"))
    )
    put = tags.map(lambda found: tuple(found.items()))
    stages = st.sampled_from((*STAGES, "production"))
    return {
        m.CreateModel: st.builds(
            m.CreateModel,
            _pick((ModelName("new"), ModelName("FRAUD")), model_names),
            st.sampled_from((*USERS, "admin")),
            texts,
            put,
        ),
        m.RenameModel: st.builds(m.RenameModel, name, model_names),
        m.DeleteModel: st.builds(m.DeleteModel, name),
        m.DescribeModel: st.builds(m.DescribeModel, name, texts),
        m.TagModel: name.flatmap(lambda one: _tag_model(snapshot, one)),
        m.SetCard: st.builds(m.SetCard, name, texts),
        m.SetAlias: st.builds(m.SetAlias, ref, alias),
        m.DeleteAlias: _pick(
            [(one, text) for one, text, _ in pointing], st.tuples(name, alias)
        ).map(lambda found: m.DeleteAlias(*found)),
        v.CreateVersion: st.builds(
            v.CreateVersion,
            name,
            source=_pick(("s3://x", *sources), st.just("")),
            run_id=st.sampled_from(("", "9c1")),
            code=codes,
            artifact=st.none() | artifacts,
            status=st.sampled_from(STATUSES),
            status_message=texts,
            description=texts,
            tags=put,
            metrics=metrics.map(lambda found: tuple(found.items())),
            params=st.sampled_from(((), (("n", "3"), ("a\nb", "")))),
        ),
        v.DescribeVersion: st.builds(v.DescribeVersion, ref, texts),
        v.TagVersion: ref.flatmap(lambda one: _tag_version(snapshot, one)),
        v.SetStatus: st.builds(v.SetStatus, ref, st.sampled_from(STATUSES), texts),
        v.PinArtifact: st.builds(v.PinArtifact, ref, artifacts),
        v.DeleteVersion: st.builds(v.DeleteVersion, ref),
        v.TransitionStage: st.builds(v.TransitionStage, ref, stages, st.booleans()),
        v.MoveVersions: st.lists(_pick(live, ref), min_size=1, max_size=3, unique=True).flatmap(
            lambda some: st.builds(
                v.MoveVersions,
                st.just(some[0].model),
                st.tuples(
                    *(
                        st.tuples(st.just(one.number), _stage_of(snapshot, one), stages)
                        for one in some
                        if one.model == some[0].model
                    )
                ),
            )
        ),
        v.AddComment: st.builds(
            v.AddComment, ref, st.sampled_from((*IDS, "a" * 32)), st.sampled_from(USERS), texts
        ),
        v.EditComment: st.builds(
            lambda found, text: v.EditComment(found[0], found[1], found[2], text),
            _pick(said, st.tuples(ref, st.sampled_from(IDS), st.sampled_from(USERS))),
            texts,
        ),
        v.DeleteComment: _pick(
            [(one, identifier) for one, identifier, _ in said],
            st.tuples(ref, st.sampled_from(IDS)),
        ).map(lambda found: v.DeleteComment(*found)),
        p.Grant: st.builds(p.Grant, scope, grantees, levels),
        p.Revoke: _pick(_named(snapshot), st.tuples(scope, grantees)).map(
            lambda found: p.Revoke(*found)
        ),
        p.ChangeLayout: st.builds(p.ChangeLayout, st.sampled_from((FLAT, SHARDED))),
    }


def _stage_of(snapshot: Snapshot, ref: VersionRef) -> st.SearchStrategy[str]:
    found = snapshot.find_version(ref)
    return st.just(found.stage if found is not None else "None")


def _named(snapshot: Snapshot) -> list[tuple[p.Scope, str]]:
    """Give every name that a line of PERMISSIONS holds, with its scope."""
    permissions = snapshot.permissions
    found = [(p.Scope(pattern=grant.pattern), grant) for grant in permissions.root.grants]
    for name in snapshot.models():
        found += [(p.Scope(name), grant) for grant in permissions.own(name.directory).grants]
    return [(scope, name) for scope, grant in found for name in grant.principals]


@st.composite
def _tag_model(draw: Draw, snapshot: Snapshot, name: ModelName) -> m.TagModel:
    there = [key for key, _ in snapshot.model(name).tags] if snapshot.has_model(name) else []
    return m.TagModel(name, tuple(draw(tags).items()), draw(_some(there)))


@st.composite
def _tag_version(draw: Draw, snapshot: Snapshot, ref: VersionRef) -> v.TagVersion:
    found = snapshot.find_version(ref)
    keys = [key for key, _ in found.tags] if found else []
    measured = [key for key, _ in found.metrics] if found else []
    return v.TagVersion(
        ref,
        tuple(draw(tags).items()),
        draw(_some(keys)),
        tuple(draw(metrics).items()),
        draw(_some(measured)),
    )


def _some(items: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    if not items:
        return st.just(())
    return st.lists(st.sampled_from(items), max_size=2).map(tuple)


# --- edits of trees --------------------------------------------------------------------------


def leaves(objects: Objects, identifier: str, above: str = "") -> dict[str, Entry]:
    """Give every file of a tree by its path; an empty folder counts as one."""
    found: dict[str, Entry] = {}
    for raw, entry in entries(objects.read(identifier)):
        path = above + raw.decode("utf-8", "backslashreplace")
        if entry.is_folder and entry.id != EMPTY_TREE:
            found |= leaves(objects, entry.id, f"{path}/")
        else:
            found[path] = entry
    return found


def grown(objects: Objects, found: Leaves) -> Snapshot:
    """Give the snapshot of files by path."""
    return Snapshot(objects, replace(objects, None, dict(found)) or EMPTY_TREE)


Edit: TypeAlias = Callable[[Draw, Objects, dict[str, Entry]], None]


@st.composite
def disturbed(draw: Draw, before: Snapshot) -> Snapshot:
    """Draw what somebody may have made of a registry, sound or not."""
    objects = MemoryObjects(before.objects)
    found = leaves(objects, before.tree)
    for edit in draw(st.lists(st.sampled_from(_EDITS), min_size=1, max_size=3)):
        edit(draw, objects, found)
    return grown(objects, found)


def _put(found: dict[str, Entry], path: str, entry: Entry) -> None:
    """Set an entry; what stood above it as a file, or below it, goes away."""
    parts = path.split("/")
    for at in range(1, len(parts)):
        found.pop("/".join(parts[:at]), None)
    for other in [other for other in found if other.startswith(f"{path}/")]:
        del found[other]
    found[path] = entry


def _folders(found: Iterable[str]) -> list[str]:
    return sorted({path.rpartition("/")[0] for path in found} - {""}) or ["models"]


def _directories(found: Iterable[str]) -> list[str]:
    return sorted(path.removesuffix("/model.yaml") for path in found if "/model.yaml" in path)


def _below(found: Leaves, folder: str) -> dict[str, Entry]:
    start = f"{folder}/"
    return {path[len(start) :]: entry for path, entry in found.items() if path.startswith(start)}


def _a_path(draw: Draw, found: Iterable[str]) -> str:
    """Draw a path that is there, or one that could be."""
    known = sorted(found)
    if known and draw(st.integers(0, 2)) > 0:
        return draw(st.sampled_from(known))
    folder = draw(st.sampled_from([*_folders(known), *_directories(known), "models", "models/new"]))
    name = draw(
        st.sampled_from(
            (
                "model.yaml", "PERMISSIONS", "README.md", "versions/1.yaml", "versions/2.yaml",
                "versions/4.yaml", "versions/01.yaml", "versions/1.yml", "versions", "comments",
                f"comments/1/{IDS[0]}.yaml", f"comments/9/{IDS[1]}.yaml", "comments/1/x.yaml",
                "comments/x", "a\nb", ".git", "..", "1", "deep/er", "\u202e", "versions/2",
                "registry.yaml", "README.MD", "a%20b", "A",
            )
        )
    )  # fmt: skip
    return f"{folder}/{name}" if draw(st.integers(0, 4)) else name


def _write_any(draw: Draw, objects: Objects, found: dict[str, Entry]) -> None:
    """Write the bytes of another file, or none that are good."""
    path = _a_path(draw, found)
    blobs = sorted({entry.id for entry in found.values() if entry.mode == FILE})
    garbage = st.sampled_from((b"", b"\xff", b"a: b\n", b"/ read eve\n", b"x: [", b"{}\n"))
    raw = draw(garbage | _pick(blobs, st.just(EMPTY_TREE)).map(objects.read))
    _put(found, path, Entry(FILE, objects.write("blob", raw)))


def _mutate(draw: Draw, objects: Objects, found: dict[str, Entry]) -> None:
    """Take out, double or swap lines, or change a byte."""
    path = draw(st.sampled_from(sorted(found)))
    if found[path].mode != FILE:
        return
    raw = objects.read(found[path].id)
    lines = raw.splitlines(keepends=True) or [b"\n"]
    at = draw(st.integers(0, len(lines) - 1))
    choice = draw(st.integers(0, 3))
    if choice == 0:
        del lines[at]
    elif choice == 1:
        lines.insert(at, draw(st.sampled_from((lines[at], b"# c\n", b"x-n: 1\n", b"tags: {}\n"))))
    elif choice == 2:
        lines[0], lines[at] = lines[at], lines[0]
    else:
        byte = draw(st.integers(0, 255))
        lines[at] = bytes([byte]) + lines[at][1:]
    _put(found, path, Entry(FILE, objects.write("blob", b"".join(lines))))


_VALUES: tuple[Any, ...] = (  # Any: JSON
    "", "x", "Staging", "Canary", "Old", "Production", "None", "READY", "PENDING_REGISTRATION",
    None, 1, 2, 3.0, True, [], {}, {"champion": 1}, {"champion": 9}, {"a": "b"}, {"a": 1},
    {"digest": DIGEST, "size": 1, "files": 1}, "gitreg/v2",
)  # fmt: skip


def _revalue(draw: Draw, objects: Objects, found: dict[str, Entry]) -> None:
    """Give a key of a manifest another value, or take it away."""
    path = draw(st.sampled_from(sorted(found)))
    raw = objects.read(found[path].id) if found[path].mode == FILE else b""
    for kind, keys in kinds.KEYS.items():
        data = dict(kinds.read_manifest(kind, raw).data)
        if not data:
            continue
        key = draw(st.sampled_from((*keys, "x-a", "tagz")))
        data.pop(key, None)
        if draw(st.integers(0, 3)):
            data[key] = draw(st.sampled_from(_VALUES))
        _put(found, path, Entry(FILE, objects.write("blob", json.dumps(data).encode())))


def _remove(draw: Draw, objects: Objects, found: dict[str, Entry]) -> None:
    """Remove a file, or a whole folder."""
    path = draw(st.sampled_from([*sorted(found), *_folders(found), *_directories(found)]))
    for other in [other for other in found if other == path or other.startswith(f"{path}/")]:
        if len(found) > 1:
            del found[other]


def _strange(draw: Draw, objects: Objects, found: dict[str, Entry]) -> None:
    """Put something that is no plain file."""
    path = _a_path(draw, found)
    entry = found.get(path, Entry(FILE, objects.write("blob", b"x")))
    missing = Entry("160000", "b" * 40)
    link = Entry("120000", entry.id)
    others = (missing, link, Entry("100755", entry.id), Entry(FOLDER, EMPTY_TREE))
    _put(found, path, draw(st.sampled_from((*others, Entry("100664", entry.id)))))


def _carry(draw: Draw, objects: Objects, found: dict[str, Entry]) -> None:
    """Copy, move or swap folders, most of them those of models."""
    homes = _directories(found)
    sharded = any(home.count("/") > 1 for home in homes)
    shape = SHARDED if sharded else FLAT
    new = [layout.model_folder(ModelName(text), shape) for text in ("new", "FRAUD", "50%")]
    if not homes or draw(st.integers(0, 3)) == 0:
        homes = new = _folders(found)
    one, other = draw(st.sampled_from(homes)), draw(st.sampled_from([*homes, *new]))
    here, there = _below(found, one), _below(found, other)
    what = draw(st.sampled_from(("copy", "move", "swap")))
    if what != "copy":
        for name in here:
            found.pop(f"{one}/{name}", None)
    for name, entry in here.items():
        _put(found, f"{other}/{name}", entry)
    if what == "swap":
        for name, entry in there.items():
            _put(found, f"{one}/{name}", entry)


def _resettle(draw: Draw, objects: Objects, found: dict[str, Entry]) -> None:
    """Change registry.yaml, and with its layout perhaps the place of every model."""
    path = "registry.yaml"
    entry = found.get(path)
    raw = objects.read(entry.id) if entry is not None and entry.mode == FILE else b""
    data = dict(kinds.read_manifest(kinds.REGISTRY, raw).data)
    if not data:
        return
    choice = draw(st.integers(0, 3))
    if choice == 0:
        data["stages"] = data["stages"][: draw(st.integers(2, 5))]
    elif choice == 1:
        data["rules"] = {**data["rules"], "case_twins": draw(st.sampled_from(("allow", "refuse")))}
    else:
        data["layout"] = SHARDED if data.get("layout", FLAT) == FLAT else FLAT
    _put(found, path, Entry(FILE, objects.write("blob", kinds.render(kinds.REGISTRY, data))))
    if choice == 2:
        for directory in _directories(found):
            _carry_home(found, directory, data["layout"])


def _carry_home(found: dict[str, Entry], directory: str, shape: str) -> None:
    try:
        name = ModelName.of_directory(directory.rpartition("/")[2])
    except InvalidValueError:
        return
    inside = _below(found, directory)
    for path in inside:
        found.pop(f"{directory}/{path}")
    for path, entry in inside.items():
        _put(found, f"{layout.model_folder(name, shape)}/{path}", entry)


def _nothing(draw: Draw, objects: Objects, found: dict[str, Entry]) -> None:
    """Write a file as it is."""
    path = _a_path(draw, found)
    if path in found:
        _put(found, path, found[path])


_EDITS: tuple[Edit, ...] = (
    _write_any, _mutate, _mutate, _revalue, _revalue, _revalue, _remove, _strange, _carry,
    _carry, _resettle, _nothing,
)  # fmt: skip
