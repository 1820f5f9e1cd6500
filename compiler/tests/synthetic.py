"""Small experiments and runs with a known truth: trials of a known ratio and noise, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from math import exp
from typing import Literal

from benchmark_lab.bundle import (
    BundledImplementation,
    BundledOperation,
    BundledScenario,
    Cell,
    Contrast,
    Criterion,
    Experiment,
    Hardware,
    HostShape,
    Load,
    LoadAsked,
    RoundCount,
    RunBudget,
    SoughtLoad,
    TargetHosts,
    Thresholds,
)
from benchmark_lab.records import Phase, Provenance, Reason, Summary, Trial
from benchmark_lab.report.answer import answered
from benchmark_lab.results import summary as results
from benchmark_lab.results.summary import RunFacts

OPEN = Load(model="open", vus=50, arrival_rate_rps=300, warmup_s=5, window_s=20)
CLOSED = Load(model="closed", vus=32, warmup_s=5, window_s=20)

SERVERS = {"python-fastapi": "uvicorn", "go-fiber": "fiber"}
SCENARIOS = ("01-lightweight", "03-db-read")

PROVENANCE = Provenance(
    lab="0.1.0",
    git_commit="4f1c2d9",
    git_dirty=False,
    seed=20261122,
    machine={"kernel": "6.1.0", "cpu": "Xeon", "cpus": "2", "memory": "8 GiB"},
    versions={"k6": "1.8.1", "postgresql": "15.14"},
    cpu_sets={"sut": "0", "load": "1"},
)


def cell(
    implementation: str,
    scenario: str = "01-lightweight",
    hardware: str = "small",
    workers: int = 1,
    load: Load | SoughtLoad = OPEN,
) -> Cell:
    server = SERVERS[implementation]
    return Cell(
        id=f"{implementation}/{server}/{workers}/{scenario}/{hardware}",
        implementation=implementation,
        server=server,
        workers=workers,
        scenario=scenario,
        hardware=hardware,
        parameters={"page_size": 20},
        command=("serve",),
        env={},
        k6_env={},
        load=load,
    )


def closed(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The same cells under closed load."""
    return tuple(cell.model_copy(update={"load": CLOSED}) for cell in cells)


def asked(load: Load) -> LoadAsked:
    rates = (load.arrival_rate_rps,) if load.arrival_rate_rps else ()
    vus = () if rates else (load.vus,)
    return LoadAsked(model=load.model, vus=vus, arrival_rates_rps=rates, warmup_s=load.warmup_s, window_s=load.window_s)


def matrix(scenarios: Sequence[str] = SCENARIOS) -> tuple[Cell, ...]:
    return tuple(cell(implementation, scenario) for scenario in scenarios for implementation in SERVERS)


def experiment(
    load: Load = OPEN,
    contrasts: Sequence[tuple[Cell, Cell]] | None = None,
    criteria: tuple[Criterion, ...] = (),
    rounds: RoundCount = RoundCount(min=6, max=10),  # noqa: B008  frozen
    seed: int = 20261122,
) -> Experiment:
    if contrasts is None:
        contrasts = [(cell("python-fastapi", scenario), cell("go-fiber", scenario)) for scenario in SCENARIOS]
    return Experiment(
        name="quickstart",
        question="How much CPU and time does a request take in FastAPI and in Fiber?",
        target="local",
        hosts=TargetHosts(source="local"),
        hardware=(Hardware(name="small", sut=HostShape(cpus=1), load=HostShape(cpus=1)),),
        implementations=tuple(
            BundledImplementation(
                name=name,
                language="python" if "python" in name else "go",
                framework=name,
                sources=f"implementations/{name}",
                build=(),
                build_on="host",
                known_differences=("Fiber's router does not decode the path.",) if name == "go-fiber" else (),
            )
            for name in SERVERS
        ),
        scenarios=tuple(
            BundledScenario(
                name=name,
                script=f"scenarios/{name}.js",
                operations={"getHealth": BundledOperation(uses=())},
                measures="A request.",
                writes=False,
            )
            for name in SCENARIOS
        ),
        load=asked(load),
        rounds=rounds,
        lanes=1,
        seed=seed,
        budget=RunBudget(),
        thresholds=Thresholds(),
        contrasts=tuple(Contrast(baseline=one.id, candidate=other.id) for one, other in contrasts),
        criteria=criteria,
        notes=(),
    )


def trial(of: Cell, number: int, model: Literal["open", "closed"] = "open", **fields: object) -> Trial:
    """A valid trial; `fields` replace its metrics or make it another."""
    defaults: dict[str, object] = {
        "trial": f"r{number}.p0",
        "cell": of.id,
        "implementation": of.implementation,
        "server": of.server,
        "workers": of.workers,
        "scenario": of.scenario,
        "hardware": of.hardware,
        "lane": 0,
        "round": number,
        "position": 0,
        "started_at": "2026-11-22T10:00:00Z",
        "verdict": "valid",
        "load_model": model,
        "bottleneck": "sut-cpu" if model == "closed" else None,
        "arrival_rate_rps": 300.0 if model == "open" else None,
        "requests": 6_000,
        "window_taken_s": 20.0,
        "throughput_rps": 300.0,
        "overhead_s": 1.5,
    }
    return Trial.model_validate(defaults | fields)


def invalid(of: Cell, number: int, *codes: str, model: Literal["open", "closed"] = "open", **fields: object) -> Trial:
    reasons = tuple(Reason(code=code, evidence=f"the figures of {code}") for code in codes)
    return trial(of, number, model, verdict="invalid", reasons=reasons, **fields)


def trials(
    medians: Mapping[str, float],
    cells: Sequence[Cell],
    rounds: int,
    *,
    noise: float = 0.02,
    drift: float = 0.1,
    seed: int = 1,
    model: Literal["open", "closed"] = "open",
) -> list[Trial]:
    """Interleaved trials: each cell's CPU per request by its id, with log-normal noise on a drift that rounds share.

    Latencies are CPU per request over 500; a closed load's throughput is its inverse, on one CPU.
    """
    chance = random.Random(seed)  # noqa: S311  repeatable, not secret
    found = []
    for number in range(rounds):
        weather = chance.gauss(0, drift)
        for of in cells:
            cpu, p50, p90 = (medians[of.id] * exp(weather + chance.gauss(0, noise)) for _ in range(3))
            found.append(
                trial(
                    of,
                    number,
                    model,
                    sut_cpu_us_per_request=cpu,
                    latency_p50_ms=p50 / 500,
                    latency_p90_ms=p90 / 200,
                    **({"throughput_rps": 1e6 / cpu} if model == "closed" else {}),
                )
            )
    return found


def facts(**fields: object) -> RunFacts:
    defaults: dict[str, object] = {
        "run": "100000-ab12",
        "started_at": "2026-11-22T10:00:00Z",
        "ended_at": "2026-11-22T10:12:30Z",
        "complete": True,
        "provenance": PROVENANCE,
        "phases": (Phase(name="prepare", seconds=62.0), Phase(name="rounds", seconds=688.0)),
        "rounds_wall_s": 688.0,
        "labels": ("shared-host",),
    }
    return RunFacts(**(defaults | fields))  # type: ignore[arg-type]  # each test names fields that RunFacts has


def summarise(experiment: Experiment, cells: Sequence[Cell], trials: Sequence[Trial], known: RunFacts) -> Summary:
    """A run's summary as it is stored: with its answer."""
    return answered(results.summarise(experiment, cells, trials, known))
