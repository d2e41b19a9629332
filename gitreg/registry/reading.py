"""Commits of a repository as snapshots, tips and steps, and its open requests."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitreg.domain.commits import NOBODY, Commit
from gitreg.domain.requests import TransitionRequest
from gitreg.domain.settings import Identity
from gitreg.domain.signatures import Verifier
from gitreg.errors import CorruptError, InvalidValueError
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step, Tip, asked, void
from gitreg.manifest.trees import EMPTY_TREE, Entry
from gitreg.store import signatures
from gitreg.store.repository import Repository


class GitObjects:
    """The objects of a repository, as the manifest layer reads them."""

    def __init__(self, repository: Repository) -> None:
        """Read from, and write to, ``repository``."""
        self._repository = repository
        self.read = repository.read
        self.header = repository.header
        self.write = repository.write

    def find(self, tree: str, name: str) -> Entry | None:
        """Look one name up in a tree."""
        found = self._repository.find_entry(tree, name)
        return Entry(*found) if found is not None else None


ANSWERED = "it was answered"


@dataclass(frozen=True, slots=True)
class Standing:
    """A request branch and what it is worth: open if ``over`` is empty, else why it is not."""

    refname: str
    tip: str
    request: TransitionRequest | None
    over: str = ""

    @property
    def answered(self) -> bool:
        """Tell whether main answered it."""
        return self.over == ANSWERED


class Reader:
    """Reads a repository as the judgement needs it."""

    def __init__(self, repository: Repository, *, verifier: Verifier = signatures.verify) -> None:
        """Read ``repository``; ``verifier`` is what steps get.

        ``published`` is the step written here last: all that is known of it need not be read.
        """
        self.repository = repository
        self.verifier = verifier
        self.objects = GitObjects(repository)
        self.published: Step | None = None
        self._asked: dict[tuple[str, Identity], TransitionRequest | str] = {}

    def commit(self, identifier: str) -> Commit:
        """Read a commit; one that is missing has that as its fault."""
        try:
            return self.repository.commit(identifier)
        except CorruptError as error:
            return Commit(
                identifier, "", (), NOBODY, NOBODY, "", faults=(f"is unreadable: {error}",)
            )

    def snapshot(self, commit: Commit) -> Snapshot:
        """Give the tree of a commit."""
        return Snapshot(self.objects, EMPTY_TREE if commit.faults else commit.tree)

    def tip(self, identifier: str) -> Tip:
        """Give the tip of a request branch, with the trees before and after it."""
        commit = self.commit(identifier)
        before = None
        if commit.parents:
            before = self.snapshot(self.commit(commit.parents[0]))
        return Tip(commit, before, self.snapshot(commit))

    def step(
        self,
        commit: Commit,
        *,
        pusher: str | None = None,
        stored: frozenset[str] | None = None,
        now: int | None = None,
    ) -> Step:
        """Give one first-parent commit of main with all that its judgement needs."""
        before, parent_time = None, None
        if commit.parents:
            parent = self.commit(commit.parents[0])
            before, parent_time = self.snapshot(parent), parent.own_time
        return Step(
            commit,
            before,
            self.snapshot(commit),
            pusher=pusher,
            tips=tuple(map(self.tip, commit.parents[1:])),
            stored=stored,
            parent_time=parent_time,
            now=now,
            verifier=self.verifier,
        )

    # --- requests --------------------------------------------------------------------------

    def standings(self, main: str) -> Iterator[Standing]:
        """Give every request branch, and what it is worth on ``main``."""
        refs = self.repository.request_refs()
        if not refs:
            return
        law = self.snapshot(self.repository.commit(main))
        identity = law.settings.identity
        answered = self.answered(main, set(refs.values()))
        for refname, identifier in sorted(refs.items()):
            key = (identifier, identity)
            if key not in self._asked:
                try:
                    self._asked[key] = asked(self.tip(identifier), identity)
                except (InvalidValueError, CorruptError) as error:
                    self._asked[key] = str(error)
            request = self._asked[key]
            if isinstance(request, str):
                yield Standing(refname, identifier, None, f"it is no request: {request}")
            elif identifier in answered:
                yield Standing(refname, identifier, request, ANSWERED)
            elif request.name.refname != refname:
                yield Standing(refname, identifier, request, "its branch has another name")
            else:
                yield Standing(refname, identifier, request, void(request, law))

    def answered(self, main: str, tips: set[str]) -> set[str]:
        """Give those of ``tips`` that main answered: they are a further parent of one of its steps.

        The walk ends where the last of them started, for nothing older can answer it.
        """
        found: set[str] = set()
        starts = {parent for tip in tips for parent in self.commit(tip).parents[:1]}
        for identifier, further in self.repository.parents_along(main):
            found.update(tips.intersection(further))
            starts.discard(identifier)
            if not starts:
                break
        return found

    def open_requests(self, main: str) -> tuple[TransitionRequest, ...]:
        """Give the open requests, by version, stage and requester."""
        standings = (one for one in self.standings(main) if not one.over)
        found = (one.request for one in standings if one.request is not None)
        return tuple(sorted(found, key=lambda one: (one.ref, one.stage, one.requester)))
