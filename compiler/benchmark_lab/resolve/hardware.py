"""The hosts that an experiment asks for, or what its target has instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmark_lab.bundle import Hardware, HostShape
from benchmark_lab.catalog import Catalog, InstanceType, Target
from benchmark_lab.diagnostics import Code, Diagnostic, nearest
from benchmark_lab.experiment import ExperimentFile
from benchmark_lab.experiment.hardware import DbShape, HardwareValue, LoadShape, SutShape
from benchmark_lab.resolve.experiment import Choice
from benchmark_lab.source import Document
from benchmark_lab.source.quantity import counted

DEFAULT = "default"


def check_hosts(document: Document, file: ExperimentFile, catalog: Catalog) -> Iterator[Diagnostic]:
    """Yield what cannot be rented: types that are not known, have no price, or have fewer CPUs than asked for."""
    target = catalog.targets[file.target]
    if target.region is None or _asked(file) - set(target.provides):
        return
    types, default = catalog.instances[file.target].types, target.default_hardware
    for index, value in enumerate(file.hardware):
        roles = (("sut", value.sut, default.sut), ("load", value.load, default.load), ("db", value.db, default.db))
        for role, shape, standing_in in roles:
            if shape is None:
                continue
            at = ("hardware", index, role)
            name = shape.type or standing_in.type or ""
            if name not in types:
                advice = f"known: {', '.join(types)}"
                message = f"unknown instance type `{name}`"
                yield Diagnostic(Code.UNKNOWN_NAME, message, document.span((*at, "type")), nearest(name, types), advice)
            elif target.region not in types[name].usd_per_hour:
                message = f"the price of `{name}` in {target.region} is not known"
                advice = f"add it to infra/{file.target}/instances.yaml"
                yield Diagnostic(Code.UNKNOWN_NAME, message, document.span((*at, "type")), help=advice)
            elif shape.cpus is not None and shape.cpus > types[name].vcpus:
                message = f"`{name}` has {types[name].vcpus} CPUs, not {shape.cpus}"
                yield Diagnostic(Code.OUT_OF_RANGE, message, document.span((*at, "cpus")))


def hardware_of(file: ExperimentFile, name: str, catalog: Catalog) -> tuple[tuple[Choice[Hardware], ...], str]:
    """Return the hardware values, and a note where the target cannot provide them and its own default stands in."""
    target = catalog.targets[name]
    types = catalog.instances[name].types if name in catalog.instances else {}
    lacking = sorted(_asked(file) - set(target.provides))
    if not file.hardware or lacking:
        standing_in = Hardware(
            name=DEFAULT,
            sut=_sized(target.default_hardware.sut.host, types),
            load=_sized(target.default_hardware.load.host, types),
            db=_sized(target.default_hardware.db.host, types),
        )
        note = (
            f"Target {name} has no choice of {' and '.join(lacking)}: the experiment's hardware is replaced by "
            f"its default, {words(standing_in)}."
        )
        return (Choice(standing_in, ("hardware",)),), note if lacking else ""
    choices = (Choice(_merged(value, target, types), ("hardware", index)) for index, value in enumerate(file.hardware))
    return tuple(choices), ""


def _asked(file: ExperimentFile) -> set[str]:
    roles = (role for value in file.hardware for role in (value.sut, value.load, value.db))
    return {key for role in roles if role is not None for key in role.model_fields_set}


def _merged(value: HardwareValue, target: Target, types: Mapping[str, InstanceType]) -> Hardware:
    default = target.default_hardware
    return Hardware(
        name=value.name,
        sut=_sized(_host(value.sut, default.sut.host), types),
        load=_sized(_host(value.load, default.load.host), types),
        db=_sized(_host(value.db, default.db.host), types),
    )


def _host(shape: SutShape | LoadShape | DbShape | None, default: HostShape) -> HostShape:
    if shape is None:
        return default
    count = shape.count if isinstance(shape, LoadShape) and shape.count != "auto" else 1
    # An instance type brings its own CPUs; only a host without one falls back on the target's number.
    cpus = shape.cpus if shape.cpus is not None or shape.type else default.cpus
    return HostShape(cpus=cpus, type=shape.type or default.type, count=count)


def _sized(host: HostShape, types: Mapping[str, InstanceType]) -> HostShape:
    """Give a host that has a type all of its CPUs where nothing else is asked for."""
    if host.cpus is not None or host.type is None or host.type not in types:
        return host
    return host.model_copy(update={"cpus": types[host.type].vcpus})


def sized_by_rate(file: ExperimentFile) -> frozenset[str]:
    """Return the names of the hardware values whose load hosts the plan is to count."""
    return frozenset(value.name for value in file.hardware if value.load is not None and value.load.count == "auto")


def words(hardware: Hardware) -> str:
    """Describe the hosts, such as `sut 8 CPUs (c7a.2xlarge), load 1 CPU`."""
    hosts = (("sut", hardware.sut), ("load", hardware.load), ("db", hardware.db))
    described = ((role, _host_words(host)) for role, host in hosts)
    return ", ".join(f"{role} {host}" for role, host in described if host)


def _host_words(host: HostShape) -> str:
    cpus = "" if host.cpus is None else counted(host.cpus, "CPU")
    one = f"{cpus} ({host.type})" if cpus and host.type else cpus or host.type or ""
    return f"{host.count} hosts{one and f' of {one}'}" if host.count > 1 else one
