"""Puts the parts of a plan into words, which the terminal and Markdown share."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from benchmark_lab.bundle import SoughtLoad
from benchmark_lab.experiment import Changes
from benchmark_lab.plan import Plan, duration_words
from benchmark_lab.resolve.hardware import words as hardware_words
from benchmark_lab.search.rates import EQUAL_SHARE
from benchmark_lab.source.quantity import counted, duration_text


def facts(plan: Plan) -> dict[str, str]:
    """Return the parts of a plan in words, by heading: everything but the cells."""
    asked = plan.experiment
    hardware = [choice.value for choice in asked.hardware]
    named = len(hardware) > 1
    lanes = f"{asked.lanes} lanes, each " if asked.lanes > 1 else ""
    hosts = [f"{one.name}: {hardware_words(one)}" if named else hardware_words(one) for one in hardware]
    rounds = asked.rounds
    until = f", until intervals are within ±{rounds.ci_half_width:.1%}" if rounds.ci_half_width else ""
    lost = " where trials are lost" if rounds.min < rounds.max and not until else ""
    number = f"{rounds.min} to {rounds.max}{lost}" if rounds.min < rounds.max else str(rounds.max)
    trials = [counted(plan.trials, "trial")] if plan.trials else []
    sought = any(isinstance(cell.load, SoughtLoad) for cell in plan.cells)
    trials += ["the probes of their loads"] if sought else []
    slow = asked.thresholds.requests / asked.load.window_s / EQUAL_SHARE
    longer = f"; longer where a server answers fewer than {slow:.3g} requests a second" if sought else ""
    shown = {
        "target": f"{asked.target_name}: {asked.target.summary}",
        "hosts": lanes + "; ".join(hosts),
        "load": _load_words(plan),
        "rounds": f"{number}, each in an order shuffled with seed {asked.seed}{until}" if plan.trials else "",
        "criteria": "; ".join(criterion.text for criterion in plan.criteria),
        "time": f"at most {duration_words(plan.worst_case_s)}: {', '.join(trials)} and the set-up{longer}",
        "cost": _cost_words(plan),
    }
    return {heading: text for heading, text in shown.items() if text}


def _cost_words(plan: Plan) -> str:
    if plan.rent is None:
        return "$0.00"
    each, hosts = plan.rent.usd_per_hour / plan.rent.hosts, plan.rent.hosts
    words = f"at most ${plan.rent.usd:.2f}: {hosts} hosts at ${each:.2f} an hour on average"
    return f"{words} for at most {duration_words(plan.rent.limit_s)}, upon which they end themselves"


def _load_words(plan: Plan) -> str:
    load = plan.experiment.load
    timing = f"{duration_text(load.warmup_s)} warm-up, {duration_text(load.window_s)} window"
    vus = ", ".join(map(str, load.vus))
    match load.model:
        case "closed":
            words = f"closed, {vus} virtual users"
        case "open":
            words = f"open, {', '.join(f'{rate:g}' for rate in load.arrival_rates_rps)} requests/s"
        case "slo-search":
            words = f"search for the highest rate with {' and '.join(objective.text for objective in load.objectives)}"
        case "capacity-then-latency":
            words = f"capacity by {f'{vus} virtual users' if vus else 'doubling virtual users'}, then latency below it"
    spaced = ", Poisson arrivals" if load.arrivals == "poisson" else ""
    return f"{words}{spaced}; {timing}"


def baselines(plan: Plan) -> Mapping[str, str]:
    """Return by cell id the cell's baseline, or the word `baseline` where the cell is a baseline."""
    compared = {contrast.candidate: contrast.baseline for contrast in plan.contrasts}
    return {**dict.fromkeys(compared.values(), "baseline"), **compared}


def apply_command(file: str, changes: Changes) -> str:
    """Return the command that carries out exactly this plan."""
    flags = [("--target", changes.target), ("--rounds", changes.rounds), ("--lanes", changes.lanes)]
    flags += [("--window", duration_text(changes.window_s) if changes.window_s is not None else None)]
    flags += [("--only", f"{axis}={value}") for axis, value in changes.only]
    flags += [("-k", changes.keywords or None)]
    words = [word for flag, value in flags if value is not None for word in (flag, str(value))]
    return shlex.join(["lab", "apply", file, *words])
