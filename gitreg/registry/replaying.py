"""Reading a long history step by step: what one step leaves behind, the next one starts from."""

import os
from collections.abc import Iterable

from gitreg.domain.commits import Commit
from gitreg.domain.signatures import Claim, Verifier, is_ssh
from gitreg.errors import CorruptError
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step
from gitreg.registry.reading import GitObjects, Reader
from gitreg.store.repository import Repository

_KEPT_BYTES = 16 << 20
_KEPT_OBJECT = 1 << 20
_KEPT_COMMITS = 64


class RecentObjects(GitObjects):
    """The objects of a repository, of which those last read are kept."""

    def __init__(self, repository: Repository) -> None:
        """Read from ``repository``."""
        super().__init__(repository)
        self._kept: dict[str, tuple[str, bytes]] = {}
        self._bytes = 0
        self._header, self._content = self.header, self.read
        self.header, self.read = self._recent_header, self._recent_content

    def _recent_header(self, identifier: str) -> tuple[str, int]:
        if identifier not in self._kept:
            kind, size = self._header(identifier)
            if size > _KEPT_OBJECT:
                return kind, size
            if self._bytes > _KEPT_BYTES:
                self._kept.clear()
                self._bytes = 0
            self._kept[identifier] = kind, self._content(identifier)
            self._bytes += size
        kind, content = self._kept[identifier]
        return kind, len(content)

    def _recent_content(self, identifier: str) -> bytes:
        if identifier in self._kept:
            return self._kept[identifier][1]
        return self._content(identifier)


class ReplayReader(Reader):
    """A reader that keeps the commits and snapshots last read; ``verifier`` is what steps get."""

    def __init__(self, repository: Repository, verifier: Verifier) -> None:
        """Read ``repository``."""
        super().__init__(repository, verifier=verifier)
        self.objects = RecentObjects(repository)
        self._commits: dict[str, Commit] = {}
        self._snapshots: dict[str, Snapshot] = {}

    def commit(self, identifier: str) -> Commit:
        """Read a commit."""
        if identifier not in self._commits:
            if len(self._commits) >= _KEPT_COMMITS:
                self._commits.clear()
            self._commits[identifier] = super().commit(identifier)
        return self._commits[identifier]

    def snapshot(self, commit: Commit) -> Snapshot:
        """Give the tree of a commit."""
        if commit.tree not in self._snapshots:
            if len(self._snapshots) >= _KEPT_COMMITS:
                self._snapshots.clear()
            self._snapshots[commit.tree] = super().snapshot(commit)
        return self._snapshots[commit.tree]


class Proofs:
    """Verifies signatures, several at a time, and keeps what it found."""

    def __init__(self, verifier: Verifier) -> None:
        """Let ``verifier`` verify."""
        self._verifier = verifier
        self._found: dict[Claim, str] = {}

    def __call__(self, claim: Claim) -> str:
        """Give "" if a claim is true, else why it is not."""
        if claim not in self._found:
            self._found[claim] = self._verifier(claim)
        return self._found[claim]

    def prove(self, steps: Iterable[Step]) -> None:
        """Verify ahead what the guard will ask about these steps, instead of about older ones."""
        from gitreg.guard.signatures import claims

        wanted: set[Claim] = set()
        for step in steps:
            commits = (step.commit, *(tip.commit for tip in step.tips))
            if any(is_ssh(commit.signature) for commit in commits):
                try:
                    wanted.update(claims(step))
                except CorruptError:
                    break
        if wanted:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
                self._found = dict(zip(wanted, pool.map(self._verifier, wanted), strict=True))

    def proven(self) -> frozenset[str]:
        """Give the commits whose signature was found good, as far back as they are kept."""
        return frozenset(claim.commit.id for claim, reason in self._found.items() if not reason)
