"""The first tree of a registry, as ``gitreg init`` writes it."""

import re
from dataclasses import dataclass

from gitreg.domain.names import check_principal
from gitreg.domain.settings import FLAT, HOSTS, PROFILES, SHARDED
from gitreg.errors import InvalidValueError
from gitreg.manifest import kinds, layout
from gitreg.manifest.codec import Value
from gitreg.manifest.schema import validate

_MLFLOW = {
    "case_twins": "allow",
    "delete_active": "allow",
    "rename_active": "allow",
    "clock": "trust",
}
PLAIN = HOSTS[0]
_HOST_DELEGATES: dict[str, tuple[str, ...]] = {
    "github": ("noreply@github.com",),
    "gitlab": ("noreply@gitlab.com",),
    "gitea": (),
}
"""Whom a Git host names as the committer of what its buttons do, where that is not their user.

GitHub does for merge commits and squashes; GitLab where it signs commits, and else names the user;
Gitea and Forgejo name the user, or where they sign whom their ``[repository.signing]`` names.
"""
_EMAIL = re.compile(r"[^@]+@[^@]+\Z")
_EXAMPLES = {
    "github": "583231+octocat@users.noreply.github.com",
    "gitlab": "583231-octocat@users.noreply.gitlab.com",
    "gitea": "octocat@noreply.example.com",
}
_PERMISSIONS = """\
# Who may do what in this registry. A line: PATTERN LEVEL USER-OR-@GROUP...
#
#   /        the registry itself and every model; @everyone is every authenticated user
#   fraud-*  models by directory name, with * and ?
#   levels   read, edit, manage-staging, manage-production, manage
#   groups   @risk = alice bob
#
# Unlike in CODEOWNERS the last line does not win: the highest level that any line gives counts,
# and there is no line that takes away. A model's own PERMISSIONS adds to this file.

/  manage  {admin}
/  read    @everyone
"""
_README = """\
# {name}

A model registry kept by [gitreg](https://github.com/gitreg/gitreg). Models stand in `models/`,
the settings in `registry.yaml`, and who may do what in `PERMISSIONS`.
"""


@dataclass(frozen=True, slots=True)
class NewRegistry:
    """What a new registry starts with."""

    name: str
    admin: str
    profile: str = "databricks"
    host: str = "plain"
    layout: str = FLAT

    def __post_init__(self) -> None:
        check_principal(self.admin)
        for value, known in (
            (self.profile, PROFILES),
            (self.host, HOSTS),
            (self.layout, (FLAT, SHARDED)),
        ):
            if value not in known:
                raise InvalidValueError(f"{value!r} is none of {', '.join(known)}")
        if self.host != PLAIN and not _EMAIL.match(self.admin):
            raise InvalidValueError(
                f"{self.admin!r} is no e-mail address, and on a Git host these name people",
                hint=f"--admin {_EXAMPLES[self.host]}: what the host writes into the commits of "
                f"{self.admin}",
            )

    def files(self) -> dict[str, bytes]:
        """Give path and content of every file of the first commit."""
        data = self._settings()
        faults = validate(
            kinds.REGISTRY, {"apiVersion": kinds.API_VERSION, "kind": "Registry", **data}
        )
        if faults:
            raise InvalidValueError(faults[0].message, hint=faults[0].hint)
        return {
            layout.REGISTRY_FILE: kinds.render(kinds.REGISTRY, data),
            layout.PERMISSIONS_FILE: _PERMISSIONS.format(admin=self.admin).encode(),
            "README.md": _README.format(name=self.name).encode(),
        }

    def _settings(self) -> dict[str, Value]:
        rules: dict[str, Value] = {
            "case_twins": "refuse",
            "delete_active": "refuse",
            "rename_active": "refuse",
            "self_approval": "allow",
            "merges": "requests" if self.host == PLAIN else "any",
            "clock": "strict",
            "creation": ["@everyone"],
            "creator": "manage",
        }
        if self.profile == "mlflow":
            rules |= _MLFLOW
        identity: dict[str, Value] = {"principal": "name"}
        if self.host != PLAIN:
            names = _HOST_DELEGATES[self.host]
            delegates: list[Value] = [{"name": name, "vouches": "author"} for name in names]
            identity = {"principal": "email", "delegates": delegates}
        return {
            "name": self.name,
            "layout": self.layout,
            "stages": [
                {"name": "None"},
                {"name": "Staging"},
                {"name": "Production", "protected": True},
                {"name": "Archived"},
            ],
            "identity": identity,
            "rules": rules,
        }
