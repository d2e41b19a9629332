"""The reads that the index answers: lists, searches, records with times, and activities."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from gitreg.domain.activities import Activity, parse_kind, requested
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.records import ModelRecord, Page, VersionRecord
from gitreg.domain.references import parse_reference
from gitreg.domain.stages import Stages
from gitreg.domain.times import as_limits, is_date
from gitreg.errors import InvalidValueError, NotFoundError
from gitreg.index import pages, reading
from gitreg.index.grammar import parse
from gitreg.index.reading import Asked, Counts
from gitreg.index.searching import prepare
from gitreg.index.subjects import MODELS, VERSIONS, Subject
from gitreg.index.view import View
from gitreg.registry.indexing import IndexStatus, Progress
from gitreg.registry.reads import Reads

PAGE = 100
"""How many a page holds unless told."""
MOST = 200_000
"""How many a page may hold."""

_Answer = TypeVar("_Answer")
_Record = TypeVar("_Record", ModelRecord, VersionRecord)


class Finds(Reads):
    """The reads of a registry that its index answers."""

    def _ask(self, question: Callable[[View], _Answer], *, at: str = "") -> _Answer:
        return self._index.read(self.tip, question, at=at)

    _known: tuple[str, Stages] | None = None
    """The stages that were asked for last, and the commit whose they are."""

    def _stages(self, commit: str) -> Stages:
        if self._known is None or self._known[0] != commit:
            self._known = commit, self.settings(at=commit).stages
        return self._known[1]

    # --- records ------------------------------------------------------------------------------

    def model_record(self, name: str, *, at: str = "") -> ModelRecord:
        """Give a model with its id, times, people, and the newest version of each stage."""
        model = ModelName(name)
        found = self._ask(lambda view: reading.model(view, model), at=at)
        return found if found is not None else self._gone(model, at)

    def _gone(self, model: ModelName, at: str) -> ModelRecord:
        self.model(str(model), at=at)
        raise NotFoundError(f"there is no model {model}", hint="gitreg model list")

    def name_of(self, identifier: str, *, at: str = "") -> str:
        """Give the name that the model with this id has."""
        found = self._ask(lambda view: reading.model_named(view, identifier), at=at)
        if found is None:
            raise NotFoundError(f"there is no model with the id {identifier}")
        return str(found)

    def version_record(self, version: str | VersionRef, *, at: str = "") -> VersionRecord:
        """Give a version with its aliases, times and people."""

        def find(view: View) -> VersionRecord | None:
            if isinstance(version, VersionRef):
                return reading.version(view, version)
            reference = parse_reference(version)
            return reading.referred(view, reference, self._stage(reference.stage, at))

        found = self._ask(find, at=at)
        if found is None:
            ref = self.version(version, at=at).ref
            raise NotFoundError(f"there is no version {ref}")
        return found

    def version_records(
        self, name: str, *, stage: str = "", at: str = ""
    ) -> tuple[VersionRecord, ...]:
        """Give a model's live versions, ascending; with ``stage`` those that are in it."""
        model = ModelName(name)
        wanted = self._stage(stage, at)
        found = self._ask(lambda view: reading.versions(view, model, wanted), at=at)
        if not found:
            self.model(name, at=at)
        return found

    def all_models(
        self, *, glob: str = "", stage: str = "", at: str = ""
    ) -> tuple[ModelRecord, ...]:
        """Give every model by name: those that a glob matches, or that have a version in a stage.

        A glob knows ``*`` and ``?``.
        """
        wanted = self._stage(stage, at)
        return self._ask(lambda view: reading.models(view, glob=glob, stage=wanted), at=at)

    def all_versions(
        self, *, glob: str = "", stage: str = "", at: str = ""
    ) -> tuple[VersionRecord, ...]:
        """Give every live version, by name and ascending: of some models, or in a stage."""
        wanted = self._stage(stage, at)
        return self._ask(lambda view: reading.every_version(view, glob=glob, stage=wanted), at=at)

    def _stage(self, stage: str, at: str) -> str:
        return self._stages(self.commit(at)).parse(stage).name if stage else ""

    def numbers(
        self, names: Iterable[str | ModelName], *, at: str = ""
    ) -> dict[str, dict[str, list[int]]]:
        """Give the numbers of the live versions of models, by name and by stage."""
        return self._ask(lambda view: reading.numbers(view, list(map(str, names))), at=at)

    def latest_versions(
        self, name: str, stages: Iterable[str] = (), *, at: str = ""
    ) -> tuple[VersionRecord, ...]:
        """Give the newest version of each stage that has one, or of some ``stages``."""
        known = self._stages(self.commit(at))
        wanted = {known.parse(stage).name for stage in stages}
        found = self.model_record(name, at=at).latest
        return tuple(one for one in found if not wanted or one.stage in wanted)

    def counts(self, *, at: str = "") -> Counts:
        """Count models, versions, and the versions in each stage."""
        return self._ask(reading.counts, at=at)

    # --- searches -----------------------------------------------------------------------------

    def find_models(
        self,
        filter_string: str | Sequence[str] = "",
        *,
        order_by: str | Sequence[str] = (),
        max_results: int = PAGE,
        page_token: str = "",
        at: str = "",
    ) -> Page[ModelRecord]:
        """Find models: ``find_models("name LIKE 'fraud%' AND stage = 'Production'")``.

        README tells the language; of several filters all must hold. ``page.token`` asks for the
        next page, which answers from the registry as it was when the first page did. Raises
        InvalidValueError, showing the place.
        """
        return self._find(
            MODELS,
            reading.found_models,
            (filter_string, order_by),
            max_results=max_results,
            page_token=page_token,
            at=at,
        )

    def find_versions(
        self,
        filter_string: str | Sequence[str] = "",
        *,
        order_by: str | Sequence[str] = (),
        max_results: int = PAGE,
        page_token: str = "",
        at: str = "",
    ) -> Page[VersionRecord]:
        """Find versions: ``find_versions("metrics.auc > 0.9", order_by="metrics.auc DESC")``."""
        return self._find(
            VERSIONS,
            reading.found_versions,
            (filter_string, order_by),
            max_results=max_results,
            page_token=page_token,
            at=at,
        )

    def _find(
        self,
        subject: Subject,
        read: Callable[[View, Sequence[int]], Iterator[_Record]],
        asked: tuple[str | Sequence[str], str | Sequence[str]],
        *,
        max_results: int,
        page_token: str,
        at: str,
    ) -> Page[_Record]:
        _check_size(max_results)
        filter_string, order_by = _joined(asked[0]), asked[1]
        order = [order_by] if isinstance(order_by, str) else list(order_by)
        digest = pages.digest(subject.table, filter_string, *order, at)
        page = pages.decode(page_token, digest) if page_token else None
        offset = page.offset if page is not None else 0
        when = page.commit if page is not None else at
        tip = self.tip
        commit = self.commit(when) if when else tip
        stages = self._stages(commit)

        def find(view: View) -> tuple[_Record, ...]:
            search = prepare(
                view.db,
                subject,
                filter_string=filter_string,
                order_by=order_by,
                stages=stages,
                at=view.at,
            )
            rows = view.db.execute(search.sql, search.page(max_results + 1, offset)).fetchall()
            return tuple(read(view, [row[0] for row in rows]))

        found = self._index.read(tip, find, at=when)
        token = ""
        if len(found) > max_results:
            token = pages.encode(pages.Page(commit, offset + max_results), digest)
        return Page(found[:max_results], token, commit)

    # --- activities ---------------------------------------------------------------------------

    def activities(
        self,
        *,
        model: str = "",
        version: int | None = None,
        user: str = "",
        kinds: Iterable[str] = (),
        since: str = "",
        until: str = "",
        at: str = "",
        max_results: int = PAGE,
        page_token: str = "",
    ) -> Page[Activity]:
        """Give activities, newest first: of the registry, a model, a version, or a user.

        ``kinds`` names those that are wanted, ``since`` and ``until`` are dates, ``at`` tells what
        had happened by then. Open requests are told as long as their branches stand.
        """
        _check_size(max_results)
        wanted = self._asked(
            model, version, user=user, kinds=kinds, since=since, until=until, at=at
        )
        digest = pages.digest("activities", repr(wanted), at)
        before = pages.decode_place(page_token, digest) if page_token else None
        found = list(islice(self._feed(wanted, at, before=before), max_results + 1))
        token = ""
        if len(found) > max_results:
            found.pop()
            token = pages.encode_place(found[-1][0], digest)
        return Page(tuple(one for _, one in found), token)

    def log(
        self,
        model: str = "",
        *,
        version: int | None = None,
        user: str = "",
        kinds: Iterable[str] = (),
        since: str = "",
        until: str = "",
        at: str = "",
    ) -> Iterator[Activity]:
        """Give all activities, newest first, asked for as ``activities`` does."""
        wanted = self._asked(
            model, version, user=user, kinds=kinds, since=since, until=until, at=at
        )
        return (one for _, one in self._feed(wanted, at))

    def _asked(
        self,
        model: str,
        version: int | None,
        *,
        user: str,
        kinds: Iterable[str],
        since: str,
        until: str,
        at: str,
    ) -> Asked:
        limits = [as_limits(until)[1]] if until else []
        limits += [self.moment(at)] if at else []
        return Asked(
            ModelName(model) if model else None,
            version,
            user,
            tuple(map(parse_kind, kinds)),
            as_limits(since)[0] if since else None,
            min(limits, default=None),
            asked_then=bool(at),
        )

    def moment(self, at: str = "") -> int:
        """Give the time (ms) that a date means, at its end, or when a step, or the last, was."""
        return as_limits(at)[1] if is_date(at) else self._ask(reading.moment, at=at)

    def _feed(
        self, wanted: Asked, at: str, *, before: reading.Place | None = None
    ) -> Iterator[tuple[reading.Place, Activity]]:
        """Give activities from the index, and the requests that nobody answered among them."""
        waiting = [
            ((one.time, 0, -1), one)
            for one in self._unanswered()
            if wanted.wants(one) and (before is None or (one.time, 0, -1) < before)
        ]
        recorded = self._recorded(wanted, self.commit(at), before)
        yield from heapq.merge(
            recorded,
            sorted(waiting, key=lambda one: one[0], reverse=True),
            key=lambda one: one[0],
            reverse=True,
        )

    def _recorded(
        self, wanted: Asked, tip: str, before: reading.Place | None
    ) -> Iterator[tuple[reading.Place, Activity]]:
        """Read them in portions, from one state of the registry."""
        size = PAGE
        while True:
            place = before
            found = self._index.read(
                self.tip,
                lambda view, place=place, size=size: reading.activities(  # type: ignore[misc]  # bound now
                    view, wanted, before=place, limit=size
                ),
                at=tip,
            )
            yield from found
            if len(found) < size:
                return
            before, size = found[-1][0], min(size * 4, 10_000)

    def _unanswered(self) -> Iterator[Activity]:
        for standing in self._reader.standings(self.tip):
            if standing.request is not None and not standing.answered:
                yield requested(standing.request)

    # --- the index ----------------------------------------------------------------------------

    def rebuild_index(self, progress: Progress | None = None) -> None:
        """Make the index anew; ``progress`` is told the steps done, and how many there are."""
        self._index.rebuild(self.tip, progress)

    def watch_index(self, progress: Progress) -> None:
        """Tell ``progress`` whenever a read has to keep the index up first."""
        self._index.watch(progress)

    def update_index(self, progress: Progress | None = None) -> None:
        """Keep the index up, as every read does."""
        self._index.read(self.tip, lambda _: None, progress=progress)

    def index_status(self) -> IndexStatus:
        """Tell how the index is."""
        return self._index.status(self.tip)


def _joined(filters: str | Sequence[str]) -> str:
    """Give one filter that is all of them; each must be one by itself."""
    every = [one for one in ([filters] if isinstance(filters, str) else filters) if one.strip()]
    if len(every) < 2:
        return every[0] if every else ""
    for one in every:
        parse(one)
    return " AND ".join(f"({one})" for one in every)


def _check_size(max_results: int) -> None:
    if not 0 < max_results <= MOST:
        raise InvalidValueError(f"a page holds 1 to {MOST} results, not {max_results}")
