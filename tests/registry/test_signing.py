"""Signatures from end to end: pushes that the hook verifies, and writes of the library."""

import subprocess
from pathlib import Path

import pytest
from support import MODEL, version
from world import Clone, World

import gitreg
from gitreg.audit import audit
from gitreg.registry.receipts import RefusedError

V1 = "models/fraud/versions/1.yaml"


def sign_as(clone: Clone, key: Path) -> str:
    """Let a clone sign what it commits with a new key; give its line of allowed_signers."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
    subprocess.run(words, check=True)
    public = key.with_suffix(".pub")
    for name, value in (
        ("gpg.format", "ssh"),
        ("user.signingKey", str(public)),
        ("commit.gpgSign", "true"),
    ):
        clone.git("config", name, value)
    return f'{clone.user} namespaces="git" {public.read_text()}'


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A registry that requires signatures; root and bob have keys."""
    found = World(tmp_path)
    root, bob = found.clone("root"), found.clone("bob")
    lines = sign_as(root, tmp_path / "root") + sign_as(bob, tmp_path / "bob")
    settings = root.read("registry.yaml")
    settings = settings.replace("identity:\n", "identity:\n  signatures: required\n")
    root.put(
        {
            "registry.yaml": settings,
            "allowed_signers": lines,
            "PERMISSIONS": "/ manage root\n/ read @everyone\n",
        }
    )
    assert root.push().accepted
    return found


def test_the_hook_lets_in_what_is_signed_by_who_pushes(world: World, tmp_path: Path) -> None:
    root, bob = world.clone("root"), world.clone("bob")
    root.put({"models/fraud/model.yaml": MODEL})
    root.write({V1: version()}).commit()
    assert root.push().accepted
    root.fresh().write({"README.md": "x\n"}).commit(GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0="commit.gpgSign", GIT_CONFIG_VALUE_0="false")  # fmt: skip
    push = root.push()
    assert push.refused
    assert "is not signed (identity.signatures: required)" in push.text
    root.git("config", "user.signingKey", str(tmp_path / "bob.pub"))
    root.git("commit", "-q", "--amend", "--no-edit", "-S")
    push = root.push()
    assert push.refused
    assert "which by allowed_signers belongs to bob, not to root" in push.text
    assert bob.ask("fraud", 1, "Staging").accepted
    assert audit(world.path).clean


def test_the_hook_lets_in_only_signed_requests(world: World) -> None:
    root, bob = world.clone("root"), world.clone("bob")
    root.put({"models/fraud/model.yaml": MODEL})
    root.write({V1: version()}).commit()
    assert root.push().accepted
    bob.git("config", "commit.gpgSign", "false")
    push = bob.ask("fraud", 1, "Staging")
    assert push.refused
    assert "is not signed (identity.signatures: required)" in push.text


def test_the_library_signs_with_the_key_that_git_is_told(world: World, tmp_path: Path) -> None:
    registry = world.registry("root")
    with pytest.raises(RefusedError, match="is not signed") as caught:
        registry.create_model("fraud")
    assert "git config user.signingKey" in caught.value.violations[0].hint
    subprocess.run(["git", "-C", world.path, "config", "gpg.format", "ssh"], check=True)

    def use(who: str) -> gitreg.Registry:
        key = str(tmp_path / f"{who}.pub")
        subprocess.run(["git", "-C", world.path, "config", "user.signingKey", key], check=True)
        return world.registry(who)

    use("root").create_model("fraud")
    use("root").create_version("fraud", source="s3://ml/1")
    use("bob").request_transition("fraud/1", "Staging")
    use("root").approve("fraud/1", "Staging")
    report = audit(world.path)
    assert (report.clean, report.found.signed, report.found.proven) == (True, 4, 1)
