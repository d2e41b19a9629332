"""The artifact manifest: canonical, strict, and compared with another."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.artifacts.manifest import (
    ArtifactManifest,
    PinnedFile,
    check_digest,
    check_path,
    compare,
    digest_of,
    read_manifest,
)
from gitreg.domain.model import Artifact
from gitreg.errors import CorruptError, InvalidValueError

ONE = digest_of(b"one")
TWO = digest_of(b"two!")


def pin(path: str, content: bytes = b"one") -> PinnedFile:
    return PinnedFile(path, digest_of(content), len(content))


def raw(*files: dict[str, object], **more: object) -> bytes:
    data = {"apiVersion": "gitreg/v1", "kind": "ArtifactManifest", "files": list(files), **more}
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def test_a_manifest_is_one_canonical_text() -> None:
    manifest = ArtifactManifest.of([pin("b/ü.bin", b"two!"), pin("a.txt")])
    assert manifest.raw.decode() == (
        '{"apiVersion":"gitreg/v1","files":['
        f'{{"digest":"{ONE}","path":"a.txt","size":3}},'
        f'{{"digest":"{TWO}","path":"b/ü.bin","size":4}}],"kind":"ArtifactManifest"}}'
    )
    assert manifest.artifact == Artifact(digest_of(manifest.raw), 7, 2)
    assert ArtifactManifest.parse(manifest.raw) == manifest
    assert read_manifest(manifest.raw, manifest.artifact) == manifest


names = st.text(st.characters(categories=("L", "N", "P", "S", "M", "Zs")), min_size=1, max_size=9)


@given(st.lists(st.lists(names, min_size=1, max_size=3).map("/".join), min_size=1, max_size=6))
def test_what_can_be_written_reads_back(paths: list[str]) -> None:
    try:
        manifest = ArtifactManifest.of([pin(path) for path in dict.fromkeys(paths)])
    except InvalidValueError:
        return
    assert ArtifactManifest.parse(manifest.raw) == manifest


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("../a", "it has a part '..'"),
        ("a/../../b", "it has a part '..'"),
        ("/etc/passwd", "it is absolute"),
        ("a//b", "it has a part ''"),
        ("", "it has a part ''"),
        ("a/", "it has a part ''"),
        ("./a", "it has a part '.'"),
        ("a\\b", "Windows has no names with \\"),
        ("C:a", "Windows has no names with :"),
        ("a\nb", "it holds a character that cannot be seen"),
        ("a\u202eb", "it holds a character that cannot be seen"),
        ("a\x00b", "it holds a character that cannot be seen"),
        ("a.", "Windows has no names that end in a dot or a space"),
        ("a /b", "Windows has no names that end in a dot or a space"),
        ("con", "it is the name of a Windows device"),
        ("x/NUL.txt", "it is the name of a Windows device"),
        ("COM¹", "it is the name of a Windows device"),
        ("e\u0301", "its name is not in Unicode's NFC, and other systems would write it"),
        ("\udcff", "its name is not UTF-8"),
        ("x" * 256, "a name has at most 255 bytes"),
        ("ü" * 128, "a name has at most 255 bytes"),
        ("xx/" * 400 + "x", "it is longer than 1024 bytes"),
    ],
)
def test_an_unsafe_path_is_refused(path: str, fault: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        check_path(path)
    assert f"{path!a} cannot be a file of a model: {fault}" in str(refused.value)


@pytest.mark.parametrize(
    "path", ["a", ".hidden", "a b/c-d_e.f", "model/weights.safetensors", "ü/漢字.bin", "-x", "conx"]
)
def test_other_paths_are_fine(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize(
    ("paths", "fault"),
    [
        (["A.txt", "a.txt"], "'A.txt' and 'a.txt' are one name on systems that do not tell case"),
        (["A/x", "a/y"], "are one name on systems that do not tell case"),
        (["a", "a/b"], "'a' is a file and a folder"),
        (["a", "A/b"], "are one name on systems that do not tell case"),
        (["a", "a"], "its files are not sorted by path, each once"),
        ([], "there is no file in it"),
    ],
)
def test_files_that_cannot_be_together_are_refused(paths: list[str], fault: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        ArtifactManifest.of([pin(path) for path in paths])
    assert fault in str(refused.value)


FILE: dict[str, object] = {"digest": ONE, "path": "a", "size": 3}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\xff", "it is not JSON in UTF-8"),
        (b"{", "it is not JSON in UTF-8"),
        (b"[" * 100_000, "it is not JSON in UTF-8"),
        (b"[]", "it is no artifact manifest"),
        (raw(FILE, more=1), "it is no artifact manifest"),
        (raw(FILE, apiVersion="gitreg/v2"), "it is no artifact manifest of gitreg/v1"),
        (raw(FILE, files={}), "its files are no list"),
        (raw({"path": "a"}), "one of its files has not just digest, path and size"),
        (raw(FILE | {"mode": 1}), "one of its files has not just digest, path and size"),
        (raw(FILE | {"path": 1}), "one of its files has a path or digest that is no text"),
        (raw(FILE | {"path": "../a"}), "'../a' cannot be a file of a model: it has a part '..'"),
        (raw(FILE | {"size": -1}), "a: -1 is not a size in bytes"),
        (raw(FILE | {"size": True}), "a: True is not a size in bytes"),
        (raw(FILE | {"size": 1.5}), "a: 1.5 is not a size in bytes"),
        (raw(FILE | {"digest": ONE.upper()}), "is no digest: sha256: and 64 hex digits"),
        (raw(FILE | {"path": "b"}, FILE), "its files are not sorted by path, each once"),
        (raw(FILE, FILE), "its files are not sorted by path, each once"),
        (raw(), "there is no file in it"),
        (raw(FILE) + b"\n", "it is not written canonically"),
        (raw(FILE).replace(b'"size":3', b'"size":3,"size":3'), "it is not written canonically"),
        (raw(FILE | {"path": "\u00fc"}), "it is not written canonically"),
    ],
)
def test_a_manifest_that_is_not_canonical_is_refused(content: bytes, fault: str) -> None:
    artifact = Artifact(digest_of(content), 3, 1)
    with pytest.raises(CorruptError) as refused:
        read_manifest(content, artifact)
    assert f"the list of files {artifact.digest} is not valid: " in str(refused.value)
    assert fault in str(refused.value)


def test_a_manifest_must_be_the_one_that_is_pinned() -> None:
    manifest = ArtifactManifest.of([pin("a")])
    with pytest.raises(CorruptError) as refused:
        read_manifest(manifest.raw, Artifact(ONE, 3, 1))
    assert str(refused.value) == (
        f"the list of files has other bytes: {manifest.artifact.digest}, not {ONE}"
    )
    with pytest.raises(CorruptError) as refused:
        read_manifest(manifest.raw, Artifact(manifest.artifact.digest, 4, 1))
    assert str(refused.value) == ("the version says 1 files of 4 bytes, its list of files 1 of 3")


def test_a_digest_is_sha256_in_small_hex() -> None:
    assert check_digest(ONE) == ONE
    for text in (ONE[:-1], ONE + "\n", ONE[7:], "md5:00"):
        with pytest.raises(InvalidValueError):
            check_digest(text)


def test_one_content_is_one_object() -> None:
    manifest = ArtifactManifest.of([pin("a"), pin("b"), pin("c", b"two!")])
    assert manifest.objects() == {ONE: pin("a"), TWO: pin("c", b"two!")}


def test_two_versions_are_compared_file_by_file() -> None:
    before = ArtifactManifest.of([pin("a"), pin("b"), pin("c")])
    after = ArtifactManifest.of([pin("b"), pin("c", b"two!"), pin("d")])
    assert [str(one) for one in compare(before, after)] == [
        "a removed (3 bytes)",
        "c changed (3 -> 4 bytes)",
        "d added (3 bytes)",
    ]
    assert compare(None, before)[0].to_dict() == {
        "kind": "added",
        "path": "a",
        "before": None,
        "after": {"digest": ONE, "size": 3},
    }
    assert compare(after, after) == ()
    assert compare(None, None) == ()
