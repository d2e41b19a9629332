"""The settings of a registry, as registry.yaml declares them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitreg.domain.access import EVERYONE, Level, check_grantee, matches
from gitreg.domain.stages import DEFAULT_STAGES, Stage, Stages
from gitreg.errors import InvalidValueError

FLAT = "flat"
SHARDED = "sharded"
HOSTS = ("plain", "github", "gitlab", "gitea")
PROFILES = ("databricks", "mlflow")


@dataclass(frozen=True, slots=True)
class Delegate:
    """An account that may push steps of others; ``vouches``: for the committer or the author."""

    name: str
    vouches: str


@dataclass(frozen=True, slots=True)
class Identity:
    """How history names the actor (DESIGN.md section 6)."""

    principal: str = "name"
    delegates: tuple[Delegate, ...] = ()
    signatures: str = "off"

    def __post_init__(self) -> None:
        names = [delegate.name for delegate in self.delegates]
        for at, name in enumerate(names):
            if name in names[:at]:
                raise InvalidValueError(
                    f"the delegate {name} stands twice",
                    hint="an account vouches for the committer or for the author",
                )

    def delegate(self, name: str) -> Delegate | None:
        """Give the delegate of that name, or None."""
        return next((item for item in self.delegates if item.name == name), None)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the registry allows beyond levels."""

    case_twins: str = "refuse"
    delete_active: str = "refuse"
    rename_active: str = "refuse"
    self_approval: str = "allow"
    merges: str = "requests"
    clock: str = "strict"
    creation: tuple[str, ...] = (EVERYONE,)
    creator: str = "manage"

    @property
    def creator_level(self) -> Level:
        """Give the level that whoever creates a model is given by the same commit."""
        return Level.parse(self.creator) if self.creator != "none" else Level.NONE


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a registry."""

    name: str
    layout: str = FLAT
    stages: Stages = DEFAULT_STAGES
    identity: Identity = Identity()
    protected_aliases: tuple[str, ...] = ()
    rules: Rules = Rules()
    artifacts_url: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Settings":  # Any: JSON validated by schema
        """Take a registry.yaml that its schema found valid.

        Raises InvalidValueError where entries contradict each other.
        """
        stages = tuple(
            Stage(item["name"], item.get("protected", False), item.get("retired", False))
            for item in data.get("stages", ())
        )
        identity = data.get("identity", {})
        delegates = tuple(
            Delegate(item["name"], item["vouches"]) for item in identity.get("delegates", ())
        )
        rules = {key: value for key, value in data.get("rules", {}).items() if key[:2] != "x-"}
        if "creation" in rules:
            rules["creation"] = tuple(map(check_grantee, rules["creation"]))
        return cls(
            name=data["name"],
            layout=data.get("layout", FLAT),
            stages=Stages(stages) if stages else DEFAULT_STAGES,
            identity=Identity(
                identity.get("principal", "name"), delegates, identity.get("signatures", "off")
            ),
            protected_aliases=tuple(data.get("protected_aliases", ())),
            rules=Rules(**rules),
            artifacts_url=data.get("artifacts", {}).get("url", ""),
        )

    def guards_alias(self, alias: str) -> bool:
        """Tell whether setting, moving or deleting ``alias`` needs manage-production."""
        return any(matches(glob, alias) for glob in self.protected_aliases)
