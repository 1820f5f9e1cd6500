"""The bundle's data: `experiment.json`, `cells.json` with a cell a line, `schedule.json` with a round a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from benchmark_lab.bundle import (
    SCHEMA,
    Block,
    BundledImplementation,
    BundledScenario,
    BundledWork,
    Experiment,
    TargetHosts,
)
from benchmark_lab.plan import Plan, usd_per_hour


def files(plan: Plan) -> dict[str, str]:
    """Return the data files by path."""
    cells = _lines(cell.model_dump_json() for cell in plan.cells)
    blocks = _lines(map(_block, plan.blocks))
    return {
        "experiment.json": _experiment(plan).model_dump_json(indent=2) + "\n",
        "cells.json": f'{{"schema":{SCHEMA},"cells":{cells}}}\n',
        "schedule.json": f'{{"schema":{SCHEMA},"seed":{plan.experiment.seed},"blocks":{blocks}}}\n',
    }


def _block(block: Block) -> str:
    rounds = _lines(json.dumps(order, separators=(",", ":")) for order in block.rounds)
    return f'{{"hardware":{json.dumps(block.hardware)},"rounds":{rounds}}}'


def _lines(items: Iterable[str]) -> str:
    """Write a JSON list with one item a line: ten thousand cells stay readable as a diff."""
    return "[\n" + ",\n".join(items) + "\n]"


def _experiment(plan: Plan) -> Experiment:
    asked = plan.experiment
    in_use = {cell.hardware for cell in plan.cells}
    return Experiment(
        name=asked.name,
        question=asked.question,
        target=asked.target_name,
        hosts=_hosts(plan),
        hardware=tuple(choice.value for choice in asked.hardware if choice.value.name in in_use),
        languages=tuple(language.bundled(name) for name, language in plan.languages.items()),
        implementations=tuple(_implementations(plan)),
        scenarios=tuple(_scenarios(plan)),
        load=asked.load,
        rounds=asked.rounds,
        lanes=asked.lanes,
        seed=asked.seed,
        budget=asked.budget,
        thresholds=asked.thresholds,
        contrasts=plan.contrasts,
        criteria=plan.criteria,
        notes=plan.notes,
    )


def _hosts(plan: Plan) -> TargetHosts:
    asked, target = plan.experiment, plan.experiment.target
    values = [choice.value for choice in asked.hardware] if plan.rent else []
    return TargetHosts(
        source=target.driver,
        shared=target.shared_host,
        installs=target.installs,
        usd_per_hour={value.name: round(usd_per_hour(asked, value), 5) for value in values},
    )


def _implementations(plan: Plan) -> Iterator[BundledImplementation]:
    for name in dict.fromkeys(cell.implementation for cell in plan.cells):
        manifest = plan.experiment.catalog.implementations[name]
        yield BundledImplementation(
            name=name,
            language=manifest.language,
            framework=manifest.framework,
            sources=f"implementations/{name}",
            build=manifest.build,
            build_on=manifest.build_on,
            versions=manifest.versions,
            known_differences=manifest.known_differences,
        )


def _scenarios(plan: Plan) -> Iterator[BundledScenario]:
    catalog = plan.experiment.catalog
    for name in dict.fromkeys(cell.scenario for cell in plan.cells):
        manifest = catalog.scenarios[name]
        yield BundledScenario(
            name=name,
            script=f"scenarios/{name}.js",
            pgbench=manifest.pgbench and f"scenarios/{manifest.pgbench}",
            operations={called: catalog.operations[called] for called in manifest.endpoints},
            measures=manifest.measures,
            writes=manifest.writes,
            work=manifest.work and BundledWork.model_validate(manifest.work.model_dump(exclude={"generator_cpu_us"})),
        )
