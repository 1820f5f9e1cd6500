"""A world without hosts: tools that answer as the playbooks would, a clock that ticks when it is read, a bundle."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict, cast

from benchmark_lab.apply.run import apply
from benchmark_lab.apply.world import World as RealWorld
from benchmark_lab.bundle import Block, Cell, Cells, CopiedFiles, Experiment, Load, Schedule, SoughtLoad
from benchmark_lab.hosts.caller import Caller
from benchmark_lab.hosts.cpus import CpuSets, available_cpus
from benchmark_lab.hosts.prepared import HostRequest, Hosts, lane_folder
from benchmark_lab.hosts.secret import Secrets
from benchmark_lab.hosts.stations import Order, StationAnswer
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.lock import LockedError, locked
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import Completed, Conversation
from benchmark_lab.records import Summary, Trial
from benchmark_lab.store.run_folder import RunFolder
from benchmark_lab.targets.local import ThisMachine
from tests.synthetic import cell

OPEN = Load(model="open", vus=50, arrival_rate_rps=300, warmup_s=1, window_s=2)
MOST_RPS = 4_000
"""What the fake servers can do; a closed loop of n virtual users asks 100·n times a second."""
NULL_RPS = 40_000

Event = dict[str, object]


class LoadParams(TypedDict):
    """Of an order to load what the fake stations look at."""

    measure: dict[str, dict[str, dict[str, int]]]
    window_s: float
    env: dict[str, str]


@dataclass
class FakeStations:
    """Hosts that carry orders out at once; `measured` survives the process."""

    measured: Path
    """A line for each trial that was measured: the cell, the seed of its round, and its load."""
    secrets: Secrets
    redact: Callable[[str], str]
    loading: Callable[[bool], None]
    """Is called in each load; True for one of the null server."""
    calibrated: list[tuple[str, int, int]]
    """Of each load of the null server: arrivals, rate and virtual users."""
    null_rps: int
    """What the generator can do at most."""
    failing: int
    """How many of the first loads of the null server fail."""
    serving: Sequence[str] = ()
    """The command of the server that was started last."""
    rps: float = 0.0
    window_taken_s: float = 0.0
    loads: dict[str, LoadParams] = field(default_factory=dict)
    """What is ready to load, by host."""

    def ask(self, orders: Mapping[str, Order]) -> dict[str, StationAnswer]:
        return {host: self._answer(host, order) for host, order in orders.items()}

    def call(self) -> None: ...

    def hang_up(self) -> None: ...

    def close(self) -> None: ...

    def _answer(self, host: str, order: Order) -> StationAnswer:
        match order.name, order.params:
            case "choose-port", _:
                return {"port": 8000}
            case "serve", {"argv": [*argv]}:
                self.serving = [str(word) for word in argv]
                return {"problem": None, "port": 8000, "ready_s": 0.1, "cpus": 1}
            case "load", params:
                self.loads[host] = cast("LoadParams", params)
                return {"waits": True}
            case "begin", _:
                return self._load(self.loads.pop(host))
            case "observe-server", _:
                process = ["7:1"]
                said = f"the password is {self.secrets.database_password}, the secret is {self.secrets.jwt_secret}"
                return {
                    "problem": None,
                    "log_tail": self.redact(said),
                    "processes_before": process,
                    "processes_after": process,
                    "cpu_s": self.rps * self.window_taken_s * 1e-4,
                    "cpus": 1,
                }
            case (("reset-database" | "observe-database"), _):
                return {"problem": None}
            case name, _:
                raise NotImplementedError(name)

    def _load(self, params: LoadParams) -> StationAnswer:
        executor = params["measure"]["scenarios"]["measure"]
        vus, rate = executor.get("vus", 0), executor.get("rate", 0)
        of_nothing = "null-server" in self.serving[0]
        self.loading(of_nothing)
        self.window_taken_s = params["window_s"]
        self.rps = float(min(rate or vus * 100, self.null_rps if of_nothing else MOST_RPS))
        loaded = _k6(self.rps, self.window_taken_s, latency_ms=1000 * vus / self.rps if vus else 2.0)
        if of_nothing:
            if len(self.calibrated) < self.failing:
                loaded = {"problem": "k6 ended with status 107"}
            arrivals = params["env"].get("ARRIVALS", "uniform")
            self.calibrated.append((arrivals, rate, executor.get("preAllocatedVUs", vus)))
        else:
            with self.measured.open("a") as file:
                file.write(f"{self.serving[-1]} {params['env']['SEED']} {vus} {rate}\n")
        return {"warmup": loaded, "load": loaded, "clean": True}


class Deaf:
    """Progress that nobody watches, but for what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def phase(self, name: str) -> None: ...

    def step(self, text: str) -> None: ...

    def trial(self, done: int, total: int, trial: Trial, seconds_left: float) -> None: ...

    def say(self, text: str) -> None:
        self.said.append(text)


@dataclass
class FakeTools:
    """Answers as Ansible with the project's playbooks would, at once."""

    somaxconn: Mapping[str, str] = field(default_factory=dict)
    """How each host is set before the run."""

    def converse(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> Conversation:
        raise NotImplementedError(argv, env, log)

    def start(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        raise NotImplementedError(argv, env, log)

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60,
    ) -> Completed:
        del argv, cwd, env, timeout_s
        return Completed(0, "", "")

    def stream(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, on_line: Callable[[str], None]
    ) -> int:
        del env, cwd, log
        for event in self._events(Path(argv[-1]).stem):
            on_line(json.dumps({"monotonic_s": 0.0, "task": event["action"], "host": "h", **event}) + "\n")
        return 0

    def _events(self, playbook: str) -> Iterator[Event]:
        if playbook == "prepare":
            for host, before in self.somaxconn.items():
                settings = {
                    "net.core.somaxconn": {"before": before, "after": "65535"},
                    "CPU governor": {"before": None, "after": None},
                }
                yield {**_ok("tuning", settings=settings), "host": host}
            for name in ("python-fastapi", "go-fiber", "null-server", "k6"):
                yield _ok("build", name=name, build=f"/builds/{name}", versions=f"{name} 1")
            yield _ok("database", port=5432, version="15.1")
            yield _ok("server", server="upstream", problem=None, port=8081)


def _ok(action: str, **result: object) -> Event:
    return {"event": "ok", "action": action, "result": result}


def _k6(rps: float, window_taken_s: float, latency_ms: float) -> dict[str, object]:
    requests = round(rps * window_taken_s)
    return {
        "problem": None,
        "window_taken_s": window_taken_s,
        "requests": requests,
        "iterations": requests,
        "latency_quantiles_ms": [latency_ms] * 1001,
        "latency_mean_ms": latency_ms,
        "cpu_s": window_taken_s * 0.1,
        "wall_s": window_taken_s,
    }


def cells(load: Load | SoughtLoad = OPEN, hardware: Sequence[str] = ("small",)) -> tuple[Cell, ...]:
    """Two cells on each hardware value; the command of each names it, for the fake tools."""

    found = [cell(name, hardware=value, load=load) for value in hardware for name in ("python-fastapi", "go-fiber")]
    return tuple(named(one) for one in found)


def named(one: Cell) -> Cell:
    """The cell with a command that says which it is."""
    return one.model_copy(update={"command": ("serve", one.id)})


@dataclass
class Clock:
    """Every look at it is a tenth of a second later."""

    ticks: int = 0
    before: Callable[[int], None] = lambda _: None
    """Is told which look it is, before it is answered."""

    def now(self) -> str:
        self.before(self.ticks)
        self.ticks += 1
        return (datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.ticks / 10)).isoformat()

    def monotonic(self) -> float:
        return self.ticks / 10


@dataclass
class World:
    """A run's folder and what stands for its hosts."""

    root: Path
    identity: dict[str, str] = field(default_factory=lambda: {"cpu": "Xeon"})
    excluded: dict[tuple[str, str], str] = field(default_factory=dict)
    """What the gate says."""
    proving: Callable[[Path, Cell], None] = lambda _logs, _cell: None
    """Is told of each server that is proven, and the folder of the lane's logs."""
    progress: Deaf = field(default_factory=Deaf)
    loading: Callable[[bool], None] = lambda _of_nothing: None
    somaxconn: Mapping[str, str] = field(default_factory=lambda: {"sut-0": "4096", "load-0": "65535"})
    taken: Sequence[str] = ()
    """The hardware values whose hosts another run holds."""
    lock: Path | None = None
    """Of the hosts, where it is not the world's own."""
    calibrated: list[tuple[str, int, int]] = field(default_factory=list)
    null_rps: int = NULL_RPS
    failing: int = 0
    load_hosts: int = 1

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.root / "results" / "2026-11-22" / "example-100000-ab12", "100000-ab12")

    @property
    def measured(self) -> list[str]:
        path = self.root / "measured"
        return path.read_text().splitlines() if path.exists() else []

    def write(self, experiment: Experiment, cells: Sequence[Cell], rounds: int) -> None:
        """Write the bundle: each round in the order of the cells, and backwards in odd rounds."""
        bundle = self.folder.bundle
        (bundle / "files").mkdir(parents=True)
        self.folder.logs.mkdir()
        blocks = []
        for hardware in experiment.hardware:
            order = tuple(index for index, cell in enumerate(cells) if cell.hardware == hardware.name)
            blocks.append(
                Block(hardware=hardware.name, rounds=tuple(order[:: -1 if n % 2 else 1] for n in range(rounds)))
            )
        stored = {
            "experiment": experiment,
            "cells": Cells(cells=tuple(cells)),
            "schedule": Schedule(seed=1, blocks=tuple(blocks)),
            "files": CopiedFiles(files=()),
        }
        for name, model in stored.items():
            (bundle / f"{name}.json").write_text(model.model_dump_json(by_alias=True))

    def apply(self, clock: Clock | None = None, fsync: Callable[[int], None] = os.fsync) -> Summary:
        """Carry the run out, or go on with it."""
        caller = Caller(self.root, "4f1c2d9", git_dirty=False, environment={})
        return apply(
            self.folder,
            FakeTools(self.somaxconn),
            "LAB_STARTED_BY=nobody",
            caller,
            self.progress,
            world=self._outside(clock or Clock(), fsync),
        )

    def _outside(self, clock: Clock, fsync: Callable[[int], None]) -> RealWorld:
        return RealWorld(
            lock=self._locked,
            reap=self._reap,
            states=lambda: self.root / "states",
            make_hosts=self._make_hosts,
            prove=self._prove,
            now=clock.now,
            monotonic=clock.monotonic,
            fsync=fsync,
        )

    def _prove(
        self,
        hosts: Hosts,
        cell: Cell,
        on_step: Callable[[str], None],
        *,
        openapi: Path,
        seed: int,
        logs: Path,
    ) -> str | None:
        del hosts, on_step, openapi, seed
        self.proving(logs, cell)
        return self.excluded.get((cell.implementation, cell.server))

    @contextmanager
    def _locked(self, run: str) -> Iterator[None]:
        with locked(self.lock or self.root / "lock", "this world", run):
            yield

    def _reap(self, *_: object) -> None:
        shutil.rmtree(self.root / "states", ignore_errors=True)

    def _make_hosts(self, wanted: HostRequest, interrupts: Interrupts, progress: Progress) -> list[Hosts]:
        del interrupts, progress
        if wanted.hardware.name in self.taken:
            raise LockedError("host sut-0 is in use by another run")
        wanted.state.mkdir(parents=True)
        return [self._lane(wanted, number) for number in range(wanted.bundle.experiment.lanes)]

    def _lane(self, wanted: HostRequest, number: int) -> Hosts:
        cpus = available_cpus()
        return Hosts(
            ansible=wanted.ansible(number),
            inventory=wanted.state / "inventory.json",
            names={"sut": ("sut-0",), "load": ("load-0",), "db": ("db-0",)},
            site=ThisMachine(lane_folder(wanted.state, number)),
            cpus=CpuSets(cpus, cpus, cpus, cpus),
            controller_cpus=cpus,
            labels=(),
            machine=self.identity,
            identity=self.identity,
            secrets=wanted.secrets,
            load_hosts=self.load_hosts,
            load_cpus=len(cpus),
            k6="k6",
            open_stations=lambda _play, _sockets, redact: FakeStations(
                measured=self.root / "measured",
                secrets=wanted.secrets,
                redact=redact,
                loading=self.loading,
                calibrated=self.calibrated,
                null_rps=self.null_rps,
                failing=self.failing,
            ),
        )
