"""Every read of a registry."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gitreg.domain.access import Level
from gitreg.domain.changes import Change
from gitreg.domain.model import Comment, ModelVersion, RegisteredModel
from gitreg.domain.names import ModelName, VersionRef, check_principal
from gitreg.domain.requests import Action, TransitionRequest, Viewer, available_actions
from gitreg.domain.settings import Settings
from gitreg.errors import NotFoundError
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.references import resolve
from gitreg.registry.indexing import Index
from gitreg.registry.reading import Reader
from gitreg.registry.receipts import RequestView
from gitreg.store.repository import Repository

if TYPE_CHECKING:  # what few reads need is loaded by them
    from gitreg.registry.artifacts import Artifacts
    from gitreg.registry.explain import Decision, Holding


def now() -> int:
    """Give the time in ms since 1970."""
    return time.time_ns() // 1_000_000


class Reads:
    """The reads of a registry, as ``actor`` sees it; ``at`` (commit or date): as it was then."""

    def __init__(
        self,
        repository: Repository,
        *,
        actor: str,
        email: str = "",
        clock: Callable[[], int] = now,
        cache: Path | None = None,
    ) -> None:
        """Look at ``repository`` as ``actor``; ``clock`` gives ms since 1970.

        ``cache`` is the user's cache folder; without one, it is in the repository. The index stands
        in it where nothing can be written to the repository.
        """
        self._reader = Reader(repository)
        self._index = Index(self._reader, cache=cache)
        self.actor = actor
        self._email = email or (actor if "@" in actor else f"{actor}@localhost")
        self._clock = clock
        self._cache = cache or self.path / "gitreg"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r}, actor={self.actor!r})"

    @property
    def path(self) -> Path:
        """Give the path of the repository."""
        return self._reader.repository.path

    @property
    def tip(self) -> str:
        """Give the id of the commit that reads answer from."""
        main = self._reader.repository.main()
        if main is None:
            raise NotFoundError(f"{self.path} holds no registry yet", hint="gitreg init")
        return main

    def close(self) -> None:
        """Let go of the index's file; another read opens it again."""
        self._index.close()

    def refresh(self) -> None:
        """See what is new in a registry that is reached by a Git URL; others need it never."""
        self._reader.repository.refresh()

    def commit(self, at: str = "") -> str:
        """Give the id of the commit that ``at`` means; empty: the tip. Reads take it as ``at``."""
        return self._index.commit_at(self.tip, at) if at else self.tip

    def snapshot(self, at: str = "") -> Snapshot:
        """Give the registry as one consistent view."""
        return self._reader.snapshot(self._reader.repository.commit(self.commit(at)))

    # --- models and versions ----------------------------------------------------------------

    def settings(self, *, at: str = "") -> Settings:
        """Give the registry's settings."""
        return self.snapshot(at).settings

    def models(self, *, at: str = "") -> tuple[RegisteredModel, ...]:
        """Give every registered model, by name."""
        snapshot = self.snapshot(at)
        return tuple(map(snapshot.model, snapshot.models()))

    def model(self, name: str, *, at: str = "") -> RegisteredModel:
        """Give one registered model."""
        return self.snapshot(at).model(ModelName(name))

    def card(self, name: str, *, at: str = "") -> str:
        """Give a model's card, Markdown, or ""."""
        snapshot = self.snapshot(at)
        return snapshot.card(snapshot.model(ModelName(name)).name)

    def versions(self, name: str, *, stage: str = "", at: str = "") -> tuple[ModelVersion, ...]:
        """Give a model's live versions, ascending; with ``stage`` those that are in it."""
        snapshot = self.snapshot(at)
        model = snapshot.model(ModelName(name)).name
        wanted = snapshot.settings.stages.parse(stage).name if stage else ""
        return tuple(one for one in snapshot.versions(model) if wanted in {"", one.stage})

    def version(self, version: str | VersionRef, *, at: str = "") -> ModelVersion:
        """Give one version, written ``fraud/3``, ``fraud/Production``, ``fraud@champion``, ..."""
        snapshot = self.snapshot(at)
        return snapshot.version(self._resolve(snapshot, version))

    def comments(self, version: str | VersionRef, *, at: str = "") -> tuple[Comment, ...]:
        """Give the comments on a version, by id."""
        snapshot = self.snapshot(at)
        ref = self._resolve(snapshot, version)
        return tuple(snapshot.comments(snapshot.version(ref).ref))

    @staticmethod
    def _resolve(snapshot: Snapshot, version: str | VersionRef) -> VersionRef:
        return version if isinstance(version, VersionRef) else resolve(snapshot, version)

    # --- requests ---------------------------------------------------------------------------

    def requests(
        self, *, model: str = "", version: str | VersionRef = "", stage: str = ""
    ) -> tuple[RequestView, ...]:
        """Give the open requests, each with what the actor may do with it."""
        snapshot = self.snapshot()
        ref = self._resolve(snapshot, version) if version else None
        wanted = snapshot.settings.stages.parse(stage).name if stage else ""
        return tuple(
            RequestView(one, self._actions(snapshot, one))
            for one in self._reader.open_requests(self.tip)
            if model in {"", str(one.ref.model)}
            and ref in {None, one.ref}
            and wanted in {"", one.stage}
        )

    def _actions(self, snapshot: Snapshot, request: TransitionRequest) -> tuple[Action, ...]:
        from gitreg.guard.access import level_of

        settings = snapshot.settings
        return available_actions(
            request,
            Viewer(self.actor, level_of(snapshot, self.actor, request.ref.model)),
            stage=snapshot.version(request.ref).stage,
            stages=settings.stages,
            four_eyes=settings.rules.self_approval == "refuse",
        )

    # --- permissions ------------------------------------------------------------------------

    def level(self, who: str, model: str = "", *, at: str = "") -> Level:
        """Give somebody's effective level on a model, or on the registry."""
        from gitreg.guard.access import level_of

        snapshot = self.snapshot(at)
        name = snapshot.model(ModelName(model)).name if model else None
        return level_of(snapshot, check_principal(who), name)

    def permissions(self, model: str = "", *, at: str = "") -> tuple["Holding", ...]:
        """Give every line that gives somebody a level on a model, or the registry's own lines."""
        from gitreg.registry.explain import holdings

        snapshot = self.snapshot(at)
        name = snapshot.model(ModelName(model)).name if model else None
        return tuple(holdings(snapshot, name))

    def may(
        self, who: str, action: str, target: str = "", *, stage: str = "", at: str = ""
    ) -> "Decision":
        """Tell whether somebody may do something, and why: ``may("alice", "read", "fraud")``."""
        from gitreg.registry.explain import decide

        return decide(self.snapshot(at), who, action, target=target, stage=stage)

    # --- model files ------------------------------------------------------------------------

    @property
    def artifacts(self) -> "Artifacts":
        """Give the model files of the registry: to pull, list, verify, collect and lock them."""
        from gitreg.registry.artifacts import Artifacts

        return Artifacts(self, self._reader, cache=self._cache, clock=self._clock)

    # --- the hooks --------------------------------------------------------------------------

    def install_hooks(
        self, *, identity: tuple[str, ...] = (), socket: Path | None = None
    ) -> tuple[str, ...]:
        """Install both hooks and the Git settings they rely on; give what was done, in sentences.

        ``identity`` names the environment variables that tell who pushes, ``socket`` where the hook
        daemon listens. Raises InvalidValueError if the repository is not bare.
        """
        from gitreg.hosting import install_hooks

        return install_hooks(self._reader.repository, identity=identity, socket=socket)

    def hook_problems(self) -> tuple[str, ...]:
        """Give what keeps pushes from being judged; nothing if the repository is guarded."""
        from gitreg.hosting import hook_problems

        return tuple(hook_problems(self._reader.repository))

    def diff(self, before: str, after: str = "") -> tuple[Change, ...]:
        """Give what happened between two commits or dates; ``after`` empty: until now."""
        from gitreg.manifest.diff import compare

        return compare(self.snapshot(before), self.snapshot(after)).changes
