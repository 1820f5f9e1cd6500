"""A Plan to a Bundle, by asking each emitter for its files."""

from __future__ import annotations

from benchmark_lab.bundle import Bundle
from benchmark_lab.catalog.language import folder_of
from benchmark_lab.emit import ansible, records, terraform
from benchmark_lab.plan import Plan

__all__ = ["emit"]

_COPIES = ("infra/programs", "playbooks/ansible.cfg", "playbooks/plugins", "playbooks/roles", "scenarios/lib", "spec")
"""What every run needs of the project, whatever it measures."""


def emit(plan: Plan) -> Bundle:
    """Compile a plan: the same plan gives the same bytes."""
    files = {**records.files(plan), **ansible.files(plan), **terraform.files(plan)}
    return Bundle(files=dict(sorted(files.items())), copies=_copies(plan))


def _copies(plan: Plan) -> tuple[str, ...]:
    implementations = {f"implementations/{cell.implementation}" for cell in plan.cells}
    toolchains = {
        f"{folder_of(name)}/{language.toolchain.sources}"
        for name, language in plan.languages.items()
        if language.toolchain and language.toolchain.sources
    }
    names = {cell.scenario for cell in plan.cells}
    scenarios = {f"scenarios/{name}.{ending}" for name in names for ending in ("js", "yaml")}
    statements = (plan.experiment.catalog.scenarios[name].pgbench for name in names)
    scenarios |= {f"scenarios/{file}" for file in statements if file}
    return tuple(sorted({*_COPIES, *terraform.copies(plan), *implementations, *toolchains, *scenarios}))
