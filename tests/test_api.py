"""What ``import gitreg`` gives: all that is public, told, and no sooner than it is used."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gitreg
from gitreg import errors


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_gitreg_imports_nothing_heavy() -> None:
    heavy = "pygit2 yaml click jsonschema gitreg.registry gitreg.domain gitreg.store"
    code = f"import sys, gitreg; print([one for one in '{heavy}'.split() if one in sys.modules])"
    assert run(code) == "[]"


def test_every_public_name_is_there_and_no_other() -> None:
    assert gitreg.__all__ == sorted(gitreg.__all__)
    for name in gitreg.__all__:
        assert getattr(gitreg, name) is not None, name
    lazy = set(gitreg._HOMES)
    eager = {name for name, one in vars(errors).items() if isinstance(one, type)}
    assert set(gitreg.__all__) == lazy | eager | {"__version__"}
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        gitreg.nothing  # noqa: B018  # what is not there is asked for


def test_every_public_name_says_what_it_is() -> None:
    for name in gitreg.__all__:
        if name == "__version__":
            continue
        public = getattr(gitreg, name)
        assert inspect.getdoc(public), name
        if inspect.isclass(public):
            for method, value in vars(public).items():
                if callable(value) and not method.startswith("_"):
                    assert inspect.getdoc(value), f"{name}.{method}"


def test_what_a_registry_returns_can_be_imported_too() -> None:
    plain = {str, int, bool, None, dict, list, tuple, Ellipsis, Path}
    for method, value in inspect.getmembers(gitreg.Registry, inspect.isfunction):
        if method.startswith("_") or method == "snapshot":
            continue
        for one in parts(inspect.signature(value).return_annotation):
            assert one in plain or getattr(one, "__name__", one) in gitreg.__all__, (method, one)


def parts(annotation: Any) -> Iterator[Any]:  # Any: whatever an annotation is
    """Give the types that an annotation names, without those that hold others."""
    inner = getattr(annotation, "__args__", None)
    if inner is None:
        yield annotation
        return
    if isinstance(annotation.__origin__, type) and annotation.__origin__.__module__ != "builtins":
        yield from () if annotation.__origin__ is Iterator else (annotation.__origin__,)
    for one in inner:
        yield from parts(one)


def test_errors_are_one_tree_of_few_kinds() -> None:
    kinds = {
        gitreg.InvalidValueError,
        gitreg.NotFoundError,
        gitreg.AlreadyExistsError,
        gitreg.DeniedError,
        gitreg.ConflictError,
        gitreg.CorruptError,
        gitreg.UnavailableError,
    }
    assert set(gitreg.GitregError.__subclasses__()) == kinds
    assert issubclass(gitreg.InvalidValueError, ValueError)
    assert issubclass(gitreg.NotFoundError, LookupError)
    assert issubclass(gitreg.RefusedError, gitreg.DeniedError)
    for kind in kinds:
        error = kind("what is wrong", hint="the way out")
        assert (str(error), error.hint) == ("what is wrong", "the way out")
        assert kind.__name__ in (errors.__doc__ or "")


def test_the_docstrings_example_runs(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("api") / "models.git"
    gitreg.create(folder, admin="alice")
    _, _, example = (gitreg.__doc__ or "").partition("\n\n")
    assert run(example.replace("/srv/models.git", str(folder)).replace(
        "fraud/Production", "fraud/1")) == "s3://ml/fraud/1"  # fmt: skip
