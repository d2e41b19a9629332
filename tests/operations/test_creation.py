"""The first tree of a registry, for every profile, host and layout."""

from itertools import product

import pytest
from support import tree

from gitreg.domain import changes as c
from gitreg.domain.access import Level
from gitreg.domain.settings import HOSTS, PROFILES, Delegate, Settings
from gitreg.errors import InvalidValueError
from gitreg.manifest.diff import Difference, compare
from gitreg.operations.creation import NewRegistry


@pytest.mark.parametrize(
    ("profile", "host", "shape"), [*product(PROFILES, HOSTS, ("flat", "sharded"))]
)
def test_a_new_registry_is_a_valid_first_tree(profile: str, host: str, shape: str) -> None:
    new = NewRegistry("acme {models}", "alice@acme.com", profile, host, shape)
    first = tree({path: raw.decode() for path, raw in new.files().items()})
    created = c.RegistryCreated("registry.yaml", "acme {models}")
    assert compare(None, first) == Difference((created,))
    assert first.settings.layout == shape
    assert first.permissions.level("alice@acme.com", None) is Level.MANAGE
    assert first.permissions.level("bob", None) is Level.READ
    assert (first.blob("README.md") or b"").startswith(b"# acme {models}\n")


def test_the_profiles_differ_in_four_rules() -> None:
    databricks, mlflow = (_settings(profile=profile).rules for profile in PROFILES)
    names = ("case_twins", "delete_active", "rename_active", "clock")
    assert [getattr(databricks, name) for name in names] == ["refuse"] * 3 + ["strict"]
    assert [getattr(mlflow, name) for name in names] == ["allow"] * 3 + ["trust"]


def test_the_hosts_differ_in_merges_delegates_and_principal() -> None:
    plain, github, gitea = (_settings(host=host) for host in ("plain", "github", "gitea"))
    assert (plain.rules.merges, plain.identity.principal) == ("requests", "name")
    assert plain.identity.delegates == ()
    assert (github.rules.merges, github.identity.principal) == ("any", "email")
    assert github.identity.delegates == (Delegate("noreply@github.com", "author"),)
    assert (gitea.rules.merges, gitea.identity.principal) == ("any", "email")
    assert gitea.identity.delegates == ()


def _settings(profile: str = "databricks", host: str = "plain") -> Settings:
    new = NewRegistry("acme", "alice@acme.com", profile, host)
    return tree({path: raw.decode() for path, raw in new.files().items()}).settings


@pytest.mark.parametrize(
    ("given", "told", "hint"),
    [
        (
            ("acme", "a b"),
            "'a b' is not a user name",
            "ASCII letters, digits and . _ + @ - (not @ first), at most 200",
        ),
        (("acme", "alice", "dbx"), "'dbx' is none of databricks, mlflow", ""),
        (
            ("acme", "alice", "mlflow", "svn"),
            "'svn' is none of plain, github, gitlab, gitea",
            "",
        ),
        (("acme", "alice", "mlflow", "plain", "deep"), "'deep' is none of flat, sharded", ""),
        (
            ("acme", "alice", "mlflow", "gitea"),
            "'alice' is no e-mail address, and on a Git host these name people",
            "--admin octocat@noreply.example.com: what the host writes into the commits of alice",
        ),
    ],
)
def test_a_value_that_is_not_known_is_refused(given: list[str], told: str, hint: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        NewRegistry(*given)
    assert (str(caught.value), caught.value.hint) == (told, hint)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a\nb", 'name is "a\\nb"; control characters cannot stand in it'),
        ("x" * 201, "name has 201 characters; 200 is the most"),
        ("", "name is empty; at least 1 character is needed"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, told: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        NewRegistry(name, "alice").files()
    assert str(caught.value) == told
