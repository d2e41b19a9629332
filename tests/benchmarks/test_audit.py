"""How fast the audit is: the whole history once, and then in proportion to what is new.

Run: bash tests/run.sh tests/benchmarks/test_audit.py -s -o addopts=--import-mode=importlib
"""

import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tables import print_table

import gitreg
from gitreg.audit import AuditReport, audit

SIZES = (1_000, 10_000)
MODELS = 200
MORE = 10
LIMIT = 15.0
"""Seconds of one CPU that the audit of 10,000 commits may take, as it would alone on a machine."""
START = 1_704_110_400
PEOPLE = "/ manage admin\n/ manage-production lead\n/ edit alice bob\n/ read @everyone\n"
HEAD = "apiVersion: gitreg/v1\nkind: "
TABLE: list[tuple[str, ...]] = []


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    print_table(("audit of", "wall", "CPU", "a step"), TABLE)


@dataclass
class History:
    """A history as people make one, written by git fast-import and by no guard."""

    path: Path
    base: str
    steps: int = 1
    seconds: int = START
    mark: int = 0
    models: list[tuple[str, dict[int, str]]] = field(default_factory=list)
    stream: list[str] = field(default_factory=list)

    def grow(self, steps: int) -> None:
        """Add steps to main."""
        for _ in range(steps):
            self.step(self.steps)
        words = ["git", "--git-dir", str(self.path)]
        told = "".join([*self.stream, "done\n"]).encode()
        importing = [*words, "fast-import", "--quiet", "--done", "--depth=5"]
        subprocess.run(importing, input=told, check=True)
        subprocess.run([*words, "update-ref", "-d", "refs/heads/scratch"], check=True)
        found = subprocess.run([*words, "rev-parse", "main"], check=True, capture_output=True)
        self.base = found.stdout.decode().strip()
        self.stream.clear()

    def step(self, at: int) -> None:
        """Do what comes next: of 20 steps 9 register a version, the others are of six kinds."""
        if at == 1:
            self.commit("admin", "who may do what", {"PERMISSIONS": PEOPLE})
        elif at % 3 == 2 and len(self.models) < MODELS:
            name = f"model-{len(self.models):05}"
            self.models.append((name, {}))
            self.commit("admin", f"{name} registered", {f"models/{name}/model.yaml": model(name)})
        else:
            self.work(at, *self.models[at * 7919 % len(self.models)])

    def work(self, at: int, name: str, stages: dict[int, str]) -> None:
        """Change one model."""
        kind = at % 20
        new = [number for number, stage in stages.items() if stage == "None"]
        staged = [number for number, stage in stages.items() if stage == "Staging"]
        if kind in {5, 12} and new:
            self.move("lead", name, new[0], stages, "Staging")
        elif kind in {8, 17} and staged:
            self.approve(name, staged[0], stages)
        elif kind in {3, 10, 15}:
            self.commit("alice", f"{name} tagged", {f"models/{name}/model.yaml": model(name, at)})
        elif kind in {6, 14} and stages:
            path = f"models/{name}/comments/{max(stages)}/{at:032x}.yaml"
            text = f"{HEAD}Comment\nauthor: bob\ntext: Looks good.\n"
            self.commit("bob", f"comment on {name}/{max(stages)}", {path: text})
        else:
            self.move("alice", name, len(stages) + 1, stages, "None")

    def move(self, who: str, name: str, number: int, stages: dict[int, str], stage: str) -> None:
        """Register a version, or move it to another stage."""
        stages[number] = stage
        self.commit(who, f"{name}/{number} -> {stage}", version(name, number, stage))

    def approve(self, name: str, number: int, stages: dict[int, str]) -> None:
        """Ask for a transition and approve it by a merge."""
        stages[number] = "Production"
        told, files = f"{name}/{number} -> Production", version(name, number, "Production")
        base = self.base
        self.commit("bob", f"Request {told}", files, ref="refs/heads/scratch")
        self.steps, tip, self.base = self.steps - 1, self.base, base
        self.commit("lead", f"{told}\n\nGitreg-Answer: approved", files, merge=tip)

    def commit(
        self,
        who: str,
        message: str,
        files: dict[str, str],
        *,
        ref: str = "refs/heads/main",
        merge: str = "",
    ) -> None:
        """Write one commit."""
        self.mark, self.seconds, self.steps = self.mark + 1, self.seconds + 60, self.steps + 1
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(self.seconds))
        gap = "\n" if "Gitreg-" in message else "\n\n"
        text = f"{message}{gap}Gitreg-Time: {at}\n"
        person = f"{who} <{who}@acme.com> {self.seconds} +0000"
        self.stream.append(
            f"commit {ref}\nmark :{self.mark}\ncommitter {person}\ndata {len(text)}\n{text}"
            f"from {self.base}\n" + (f"merge {merge}\n" if merge else "")
        )
        for path, content in files.items():
            self.stream.append(f"M 100644 inline {path}\ndata {len(content)}\n{content}\n")
        self.base = f":{self.mark}"


def model(name: str, seen: int = 0) -> str:
    tags = f'tags: {{seen: "{seen}"}}\n' if seen else ""
    return f"{HEAD}RegisteredModel\ndescription: Model {name}.\n{tags}"


def version(name: str, number: int, stage: str) -> dict[str, str]:
    text = (
        f"{HEAD}ModelVersion\nstage: {stage}\nsource: runs:/{name}-{number}/model\n"
        f'run_id: {name}-{number}\nmetrics: {{auc: 0.9{number}}}\nparams: {{trees: "200"}}\n'
    )
    return {f"models/{name}/versions/{number}.yaml": text}


def cpu() -> float:
    """Give the CPU seconds of this process and of what it ran."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measured(what: str, steps: int, work: Callable[[], AuditReport]) -> float:
    """Give the CPU seconds of an audit that must be clean."""
    start, used = time.perf_counter(), cpu()
    report = work()
    wall, spent = time.perf_counter() - start, cpu() - used
    assert (report.clean, report.looked_at) == (True, steps), list(report.lines())
    each = f"{spent / steps * 1e3:.2f} ms"
    TABLE.append((what, f"{wall:.2f} s", f"{spent:.2f} s", each))
    return spent


@pytest.mark.parametrize("size", SIZES)
def test_an_audit_is_linear_and_then_incremental(tmp_path: Path, size: int) -> None:
    path = tmp_path / "r.git"
    registry = gitreg.create(path, admin="admin", clock=lambda: START * 1000)
    history = History(path, registry.tip)
    history.grow(size - 1)
    spent = measured(f"{size:,} commits, {MODELS} models", size, lambda: audit(path))
    assert spent < LIMIT
    history.grow(MORE)
    measured(f"{MORE} more", MORE, lambda: audit(path))
