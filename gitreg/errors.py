"""The errors gitreg raises: one base, few kinds, worded for the person who asked.

GitregError
├── InvalidValueError     a value that cannot be: a bad name, a manifest that does not parse
├── NotFoundError         what was named is not there
├── AlreadyExistsError    what should be new is there already
├── DeniedError           permission or policy refuses it; carries the violations
├── ConflictError         somebody else was first, and trying again did not help
│   └── InUseError        the rules keep what is in an active stage
├── CorruptError          the repository holds what it cannot hold
└── UnavailableError      the repository, or what it needs, cannot be reached or used
"""


class GitregError(Exception):
    """A refusal: what, where, what is needed; ``hint`` if there is a way out."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InvalidValueError(GitregError, ValueError):
    """A value that cannot be."""


class NotFoundError(GitregError, LookupError):
    """What was named is not there."""


class AlreadyExistsError(GitregError):
    """What should be new is there already."""


class DeniedError(GitregError):
    """Permission or policy refuses it."""


class ConflictError(GitregError):
    """Somebody else was first, and trying again did not help."""


class InUseError(ConflictError):
    """The rules keep what is in an active stage."""


class CorruptError(GitregError):
    """The repository holds what it cannot hold."""


class UnavailableError(GitregError):
    """The repository, or what it needs, cannot be reached or used."""
