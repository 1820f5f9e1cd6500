"""The hosts that an experiment asks for, or what its target has instead."""

from __future__ import annotations

from benchmark_lab.bundle import Hardware, HostShape
from benchmark_lab.catalog import Target
from benchmark_lab.experiment import ExperimentFile
from benchmark_lab.experiment.hardware import DbShape, HardwareValue, LoadShape, SutShape
from benchmark_lab.resolve.experiment import Choice
from benchmark_lab.source.quantity import counted

DEFAULT = "default"


def hardware_of(file: ExperimentFile, target_name: str, target: Target) -> tuple[tuple[Choice[Hardware], ...], str]:
    """Return the hardware values, and a note where the target cannot provide them and its own default stands in."""
    lacking = sorted(_asked(file) - set(target.provides))
    if not file.hardware or lacking:
        standing_in = Hardware(
            name=DEFAULT,
            sut=target.default_hardware.sut.host,
            load=target.default_hardware.load.host,
            db=target.default_hardware.db.host,
        )
        note = (
            f"Target {target_name} has no choice of {' and '.join(lacking)}: the experiment's hardware is replaced by "
            f"its default, {words(standing_in)}."
        )
        return (Choice(standing_in, ("hardware",)),), note if lacking else ""
    choices = (Choice(_merged(value, target), ("hardware", index)) for index, value in enumerate(file.hardware))
    return tuple(choices), ""


def _asked(file: ExperimentFile) -> set[str]:
    roles = (role for value in file.hardware for role in (value.sut, value.load, value.db))
    return {key for role in roles if role is not None for key in role.model_fields_set}


def _merged(value: HardwareValue, target: Target) -> Hardware:
    default = target.default_hardware
    return Hardware(
        name=value.name,
        sut=_host(value.sut, default.sut.host),
        load=_host(value.load, default.load.host),
        db=_host(value.db, default.db.host),
    )


def _host(shape: SutShape | LoadShape | DbShape | None, default: HostShape) -> HostShape:
    if shape is None:
        return default
    count = shape.count if isinstance(shape, LoadShape) and shape.count != "auto" else 1
    # An instance type brings its own CPUs; only a host without one falls back on the target's number.
    cpus = shape.cpus if shape.cpus is not None or shape.type else default.cpus
    return HostShape(cpus=cpus, type=shape.type, count=count)


def sized_by_rate(file: ExperimentFile) -> frozenset[str]:
    """Return the names of the hardware values whose load boxes the plan is to count."""
    return frozenset(value.name for value in file.hardware if value.load is not None and value.load.count == "auto")


def words(hardware: Hardware) -> str:
    """Describe the hosts, such as `sut 8 CPUs (c7a.2xlarge), load 1 CPU`."""
    hosts = (("sut", hardware.sut), ("load", hardware.load), ("db", hardware.db))
    described = ((role, _host_words(host)) for role, host in hosts)
    return ", ".join(f"{role} {host}" for role, host in described if host)


def _host_words(host: HostShape) -> str:
    cpus = "" if host.cpus is None else counted(host.cpus, "CPU")
    one = f"{cpus} ({host.type})" if cpus and host.type else cpus or host.type or ""
    return f"{host.count} boxes{one and f' of {one}'}" if host.count > 1 else one
