"""The files that ship beside the code are found in a wheel and in a checkout."""

import json
from pathlib import Path

import pytest

from gitreg import resources
from gitreg.errors import NotFoundError, UnavailableError

ROOT = Path(__file__).parent.parent


def test_every_kind_of_manifest_has_a_schema() -> None:
    assert resources.schema_names() == ("Comment", "ModelVersion", "RegisteredModel", "Registry")


@pytest.mark.parametrize("kind", resources.schema_names())
def test_a_schema_is_what_its_file_holds(kind: str) -> None:
    assert resources.schema(kind) == json.loads((ROOT / "schemas" / f"{kind}.json").read_text())
    assert resources.schema(kind) is resources.schema(kind)


@pytest.mark.parametrize("name", ["Modle", "../schemas/Registry", "Registry.json", ""])
def test_a_schema_that_is_not_there_is_not_found(name: str) -> None:
    with pytest.raises(NotFoundError) as refusal:
        resources.schema(name)
    assert str(refusal.value) == f"'{name}' is not a kind of manifest"
    assert refusal.value.hint == "they are Comment, ModelVersion, RegisteredModel, Registry"


def test_a_hook_is_what_its_file_holds() -> None:
    for path in (ROOT / "hooks").iterdir():
        if path.is_file():
            assert resources.hook(path.name) == path.read_bytes()


@pytest.mark.parametrize("name", ["pre-commit", "../pyproject.toml", ""])
def test_a_hook_that_is_not_there_is_not_found(name: str) -> None:
    with pytest.raises(NotFoundError) as refusal:
        resources.hook(name)
    assert str(refusal.value) == f"'{name}' is not a hook of gitreg"


def test_a_wheel_keeps_the_files_in_the_package_and_a_checkout_beside_it(tmp_path: Path) -> None:
    package = tmp_path / "gitreg"
    (tmp_path / "schemas").mkdir()
    assert resources._folder("schemas", package) == tmp_path / "schemas"
    (package / "_schemas").mkdir(parents=True)
    assert resources._folder("schemas", package) == package / "_schemas"


def test_an_installation_without_the_files_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as refusal:
        resources._folder("hooks", tmp_path / "gitreg")
    assert str(refusal.value) == "this installation of gitreg has no hooks"
    assert refusal.value.hint == "install it anew"
