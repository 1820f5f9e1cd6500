"""A plan's rented hosts as Terraform's variables: all that is known of them before a run."""

from __future__ import annotations

from benchmark_lab.bundle import HostShape, RentedHosts, TerraformVariables
from benchmark_lab.plan import Plan

COPIES = ("infra/modules", "lab.lock")


def files(plan: Plan) -> dict[str, str]:
    """Return the variables by path; nothing where no host is rented."""
    experiment = plan.experiment
    if plan.rent is None or experiment.target.region is None:
        return {}
    in_use = {cell.hardware for cell in plan.cells}
    types = experiment.catalog.instances[experiment.target_name].types

    def rented(host: HostShape) -> RentedHosts:
        name = host.type or ""
        return RentedHosts(type=name, architecture=types[name].architecture, count=host.count)

    variables = TerraformVariables(
        region=experiment.target.region,
        lanes=experiment.lanes,
        hardware={
            value.name: {"sut": rented(value.sut), "load": rented(value.load), "db": rented(value.db)}
            for value in (choice.value for choice in experiment.hardware)
            if value.name in in_use
        },
        hours=round(plan.rent.limit_s / 3600, 4),
    )
    return {"terraform.tfvars.json": variables.model_dump_json(indent=2) + "\n"}


def copies(plan: Plan) -> tuple[str, ...]:
    """Return the files and folders that Terraform needs of the project."""
    return () if plan.rent is None else (f"infra/{plan.experiment.target_name}", *COPIES)
