"""Rules about what stands in the repository: form, schema, lifecycle."""

from collections.abc import Iterator

from gitreg.domain.verdict import Violation
from gitreg.manifest.steps import Step


def form(step: Step) -> Iterator[Violation]:
    """Known paths, plain files, canonical names, and a commit that every reader reads alike."""
    commit = step.commit
    for fault in commit.faults:
        hint = "write it anew: git commit --amend --reset-author"
        yield Violation("form", f"the commit {fault}", hint=hint)
    if commit.faults:
        return
    if len(set(commit.parents)) != len(commit.parents):
        yield Violation("form", "the commit names a parent twice")
    yield from _found(step, "form")


def schema(step: Step) -> Iterator[Violation]:
    """Every changed manifest parses strictly and validates."""
    if step.commit.faults:
        return
    yield from _found(step, "schema")


def lifecycle(step: Step) -> Iterator[Violation]:
    """Numbers, tombstones, immutable fields, stages, aliases and comments are as they must be."""
    yield from _found(step, "lifecycle")
    if not step.changes and not step.difference.violations and len(step.commit.parents) < 2:
        yield Violation("lifecycle", "the commit changes nothing", hint="drop it: git rebase -i")


def _found(step: Step, rule: str) -> Iterator[Violation]:
    return (found for found in step.difference.violations if found.rule == rule)
