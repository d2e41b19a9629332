"""The registry behind a store: one for each thread, as whoever acts, and never older than asked."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED, UNAUTHENTICATED

from gitreg import acting
from gitreg.errors import InvalidValueError, NotFoundError
from gitreg.plugin.address import Address
from gitreg.plugin.failures import failing_as_mlflow

if TYPE_CHECKING:
    from gitreg.registry import Registry

_WHO = "say who you are: GITREG_ACTOR, or git config --global gitreg.user NAME"
_ANY_AGE = float("inf")


class Connection:
    """Opens registries at ``address`` for the threads that ask; ``clock`` gives ms since 1970."""

    def __init__(self, address: Address, *, clock: Callable[[], int]) -> None:
        """Open nothing yet."""
        self.address = address
        self._clock = clock
        self._local = threading.local()

    def to_read(self) -> "Registry":
        """Give this thread's registry as it is now; who reads need not be known."""
        registry = self._registry()
        local = self._local
        if time.monotonic() - local.fetched >= self.address.max_age:
            with failing_as_mlflow():
                registry.refresh()
            local.fetched = time.monotonic()
        return registry

    def to_write(self) -> "Registry":
        """Give this thread's registry as the actor; MlflowException if nobody valid is named."""
        if self.address.at:
            raise MlflowException(
                f"{self.address.where} is seen as of {self.address.at}, and the past cannot be"
                " written: leave ?at= out of the registry's URI",
                PERMISSION_DENIED,
            )
        registry = self._registry()
        try:
            acting.checked(*self._local.named, hint=_WHO)
        except InvalidValueError as error:
            raise MlflowException(f"{error} ({error.hint})", UNAUTHENTICATED) from error
        return registry

    def _registry(self) -> "Registry":
        """Give this thread's registry, opened anew when somebody else acts by now."""
        local = self._local
        if not hasattr(local, "registry"):
            with failing_as_mlflow():
                self._look(local)
        named = self._named(by_email=local.by_email)
        if local.named != named:
            if local.registry is not None:
                local.registry.close()
            with failing_as_mlflow():
                name = acting.reader(*named, hint=_WHO)
                email = "" if local.by_email else acting.email_of(name, self._settings)
                local.registry = self._opened(name, email=email, max_age=_ANY_AGE)
            local.named = named
        registry: Registry = local.registry
        return registry

    def _look(self, local: threading.local) -> None:
        """See how the registry names people; NotFoundError if there is none."""
        registry = self._opened(acting.ANYBODY, max_age=self.address.max_age)
        if registry.snapshot().entry("registry.yaml") is None:
            raise NotFoundError(
                f"{registry.path} is a Git repository, but no registry", hint="gitreg init"
            )
        local.by_email = registry.settings().identity.principal == "email"
        local.named = None
        local.fetched = time.monotonic()
        local.registry = None

    def _opened(self, actor: str, *, email: str = "", max_age: float) -> "Registry":
        from gitreg.opening import open as opened

        where = self.address.where
        return opened(where, actor=actor, email=email, max_age=max_age, clock=self._clock)

    # --- who acts -----------------------------------------------------------------------------

    @cached_property
    def _settings(self) -> Mapping[str, str]:
        return acting.git_settings()

    def _named(self, *, by_email: bool) -> tuple[str, str]:
        """Give who acts, and what says so: GITREG_ACTOR, the URI's user, or Git's settings."""
        own = os.environ.get(acting.ENVIRONMENT, "")
        if own:
            return own, acting.ENVIRONMENT
        user = (self.address.user, "the registry's URI")
        return acting.named(self._settings, by_email=by_email, first=[user])
