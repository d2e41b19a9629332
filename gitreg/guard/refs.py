"""Judging every ref but main: which names may exist, and what request branches may do."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitreg.domain.access import Ability, Level
from gitreg.domain.names import fold, is_principal
from gitreg.domain.pushes import RefUpdate
from gitreg.domain.requests import HEADS, MAIN, MAX_BASE_AGE, REQUESTS, RequestName
from gitreg.domain.signatures import Verifier
from gitreg.domain.verdict import Violation
from gitreg.errors import CorruptError, InvalidValueError
from gitreg.guard.access import level_of
from gitreg.guard.identity import check_committer, check_time
from gitreg.guard.signatures import check_signature
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Tip, asked, void

_LOOK_ALIKES = frozenset({"main", "head", "refs", "requests"})
_ALLOWED = "main, requests/MODEL/NUMBER/STAGE/USER and USER/... are the branches there may be"


@dataclass(frozen=True)
class RefCase:
    """One update of a ref other than main, with all that its judgement needs.

    ``main`` is main's tree as stored before the push, and ``main_time`` its time in ms. ``tip`` is
    the new tip of a request branch; ``recent`` tells whether its parent is among main's last
    first-parent commits, ``replayed`` whether main answered it already. ``over`` tells why what the
    branch held before is no open request ("" if it is one). ``verifier`` verifies signatures.
    """

    update: RefUpdate
    pusher: str
    main: Snapshot | None
    is_commit: bool = True
    tip: Tip | None = None
    recent: bool = False
    replayed: bool = False
    over: str = ""
    now: int | None = None
    verifier: Verifier | None = None


def judge_ref(case: RefCase) -> tuple[Violation, ...]:
    """Give every reason why the update of one ref other than main is refused."""
    name = case.update.name
    if case.main is None:
        found = [Violation("form", "the first push into a registry makes main alone", name)]
    elif not case.is_commit:
        found = [Violation("form", "a branch points at a commit", name)]
    elif name.startswith(REQUESTS):
        found = list(_request(case, case.main))
    else:
        found = list(_branch(case, case.main))
    return tuple(found)


def _request(case: RefCase, main: Snapshot) -> Iterator[Violation]:
    name = case.update.name
    if case.update.old is not None and not case.over:
        yield Violation(
            "requests",
            "the request is open: it ends by an answer",
            name,
            hint="gitreg request cancel",
        )
        return
    if case.update.new is None:
        return
    if case.tip is None:
        yield Violation("requests", "the request cannot be read", name)
        return
    if not case.recent:
        yield Violation(
            "requests",
            f"a request starts at one of the last {MAX_BASE_AGE} commits of main",
            name,
            hint="git rebase origin/main",
        )
        return
    identity = main.settings.identity
    try:
        request = asked(case.tip, identity)
        expected = request.name.refname
    except (InvalidValueError, CorruptError) as error:
        yield Violation("requests", str(error), name, hint=error.hint)
        return
    if name != expected:
        yield Violation("requests", f"the branch of this request is called {expected}", name)
    yield from (_at(one, name) for one in check_committer(case.tip.commit, identity, case.pusher))
    yield from (
        _at(one, name)
        for one in check_time(
            case.tip.commit,
            parent_time=None,
            now=case.now,
            strict=main.settings.rules.clock == "strict",
        )
    )
    seconds = max(case.tip.commit.own_time, case.now or 0) // 1000
    signed = check_signature(case.tip.commit, main, case.verifier, seconds=seconds)
    yield from (_at(one, name) for one in signed)
    yield from _standing(case, main, request.name)
    if reason := void(request, main):
        yield Violation("requests", f"the request would be void: {reason}", name)


def _standing(case: RefCase, main: Snapshot, request: RequestName) -> Iterator[Violation]:
    name = case.update.name
    if case.replayed:
        yield Violation("requests", "this request was answered already", name)
    if not is_principal(request.requester):
        yield Violation("identity", f"{request.requester!a} is not a user name", name)
    elif level_of(main, request.requester, request.ref.model) < Ability.REQUEST.least:
        yield Violation(
            "access",
            f"a request for {request.ref} needs {Ability.REQUEST.least}; {request.requester} has "
            f"{Level.NONE}",
            name,
            who_can=main.permissions.who_can(Level.READ, request.ref.model.directory),
        )


def _at(violation: Violation, path: str) -> Violation:
    return Violation(violation.rule, violation.reason, path, hint=violation.hint)


def _branch(case: RefCase, main: Snapshot) -> Iterator[Violation]:
    name = case.update.name
    parts = name.removeprefix(HEADS).split("/")
    printable = name.isascii() and name.isprintable()
    if not name.startswith(HEADS) or not printable or len(parts) < 2 or name == MAIN:
        yield Violation("form", f"no ref of this name may exist; {_ALLOWED}", name)
        return
    for part in parts:
        if fold(part) in _LOOK_ALIKES or part.startswith("-"):
            yield Violation("form", f"no branch may have a part called {part}", name)
            return
    settings = main.settings
    if not is_principal(case.pusher) and settings.identity.delegate(case.pusher) is None:
        yield Violation("identity", f"{case.pusher!a} is not a user name", name)
    elif parts[0] == case.pusher or settings.identity.delegate(case.pusher) is not None:
        directories = main.directories()
        if settings.identity.delegate(case.pusher) is None and not (
            main.permissions.readable_somewhere(case.pusher, directories)
        ):
            yield Violation("access", f"{case.pusher} may read nothing here", name)
    elif level_of(main, case.pusher, None) < Level.MANAGE:
        yield Violation(
            "access",
            f"only {parts[0]} may push this branch, not {case.pusher}",
            name,
            hint=f"call yours {case.pusher}/{'/'.join(parts[1:])}",
        )
