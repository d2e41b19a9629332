"""Searches for bytes that make a reader fail, guided by coverage; by hand, beside the tests.

    python -m pip install atheris
    python tests/fuzz/atheris_readers.py codec -runs=100000

The first word names a target of ``targets.py`` (hook makes a registry for itself in a folder that
goes away), the rest goes to libFuzzer: ``-max_total_time=60``, a folder that keeps the corpus, ...
"""

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped,unused-ignore]  # whoever runs this installs it

sys.path.insert(0, str(Path(__file__).parents[1]))
with atheris.instrument_imports(include=["gitreg"]):
    from fuzz import targets

    import gitreg


def main() -> None:
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in {*targets.READERS, "hook"}:
        sys.exit(f"name a target: {', '.join([*targets.READERS, 'hook'])}")
    with tempfile.TemporaryDirectory() as folder:
        if name == "hook":
            path = Path(folder) / "registry.git"
            gitreg.create(path, admin="root")
            target = targets.hook(path)
        else:
            target = targets.READERS[name]
            for number, seed in enumerate(targets.SEEDS[name]):
                Path(folder, str(number)).write_bytes(seed)
            sys.argv.append(folder)
        atheris.Setup(sys.argv, target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
