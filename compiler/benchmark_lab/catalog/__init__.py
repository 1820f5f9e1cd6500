"""The choices of experiments: the implementations with their languages, scenarios and targets of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark_lab.catalog.implementation import Implementation, Server
from benchmark_lab.catalog.instances import Instances, InstanceType
from benchmark_lab.catalog.language import Language, Toolchain
from benchmark_lab.catalog.operation import Api, DeclaredOperation
from benchmark_lab.catalog.parameter import Parameter, text_of
from benchmark_lab.catalog.scenario import Scenario, Work
from benchmark_lab.catalog.target import Target

__all__ = [
    "Api",
    "Catalog",
    "DeclaredOperation",
    "Implementation",
    "InstanceType",
    "Instances",
    "Language",
    "Parameter",
    "Scenario",
    "Server",
    "Target",
    "Toolchain",
    "Work",
    "text_of",
]


@dataclass(frozen=True, slots=True)
class Catalog:
    """The catalog of a project: all manifests, by the name of their folder or file, and the API's operations."""

    languages: Mapping[str, Language]
    implementations: Mapping[str, Implementation]
    scenarios: Mapping[str, Scenario]
    targets: Mapping[str, Target]
    operations: Mapping[str, DeclaredOperation]
    """Operations that scenarios may call, by operationId."""
    instances: Mapping[str, Instances]
    """Instance types that can be rented, by the target that rents."""
