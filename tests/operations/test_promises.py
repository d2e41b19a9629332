"""Whatever an operation promises is what the one diff reads off its tree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import leaves, operations, patient, registries
from support import files, tree

from gitreg.errors import GitregError
from gitreg.manifest.diff import compare
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations import models, permissions, versions
from gitreg.operations.plan import Operation

OPERATIONS = tuple(operations(tree(files())))


@pytest.mark.parametrize("kind", OPERATIONS, ids=lambda kind: kind.__name__)
def test_what_an_operation_promises_is_what_is_read_off_its_tree(kind: type[Operation]) -> None:
    applied = 0

    @settings(patient, max_examples=20)
    @given(registries(least=1), st.data())
    def promise_holds(before: Snapshot, data: st.DataObject) -> None:
        nonlocal applied
        operation = data.draw(operations(before)[kind])
        try:
            plan = operation.plan(before)
        except GitregError:
            return
        identifier = plan.edits.applied(before.objects, before.tree)
        found = compare(before, Snapshot(before.objects, identifier))
        assert found.violations == ()
        assert set(found.changes) == set(plan.changes)
        assert len(found.changes) == len(plan.changes)
        assert bool(plan.changes) == (identifier != before.tree)
        assert "\n" not in plan.summary
        applied += bool(plan.changes)
        old, new = leaves(before.objects, before.tree), leaves(before.objects, identifier)
        for path in old.keys() | new.keys():
            if path not in dict(plan.edits.files) and not path.startswith(
                tuple(f"{folder}/" for folder, _ in plan.edits.folders)
            ):
                assert old.get(path) == new.get(path)

    for _ in range(5):  # it is the rare run in which no operation drawn applies
        promise_holds()
        if applied:
            return
    pytest.fail("no operation drawn applies")


def test_every_operation_is_among_them() -> None:
    known = {
        value
        for module in (models, permissions, versions)
        for value in vars(module).values()
        if isinstance(value, type) and hasattr(value, "plan")
    }
    assert known - {Operation} == set(OPERATIONS)
