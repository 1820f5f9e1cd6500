"""A plan's playbooks: which roles run on which hosts with which values, and no logic."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from benchmark_lab.catalog.language import build_of, folder_of
from benchmark_lab.plan import Plan

Play = dict[str, object]


def files(plan: Plan) -> dict[str, str]:
    """Return the playbooks by path: before, during and after the measuring."""
    builds = {"implementation_builds": _builds(plan), "toolchain_builds": _toolchains(plan)}
    return {
        "playbooks/prepare.yml": _playbook(
            _play("Put on each host that is not this machine what every run needs", "remote", "host"),
            _play("Make hosts that are the run's own fit for a load, and note how each is set", "all", "tuning"),
            _play("Bring up the database and the upstream", "db", "postgresql", "upstream"),
            _play(
                "Build what runs on the system under test",
                "sut",
                "toolchain",
                "implementation",
                "null_server",
                variables=builds,
            ),
            _play("Put k6 on the load host", "load", "k6"),
        ),
        "playbooks/stations.yml": _playbook(_play("Serve, load and observe, order by order", "all", "station")),
        "playbooks/finish.yml": _playbook(
            _play("Stop everything and remove what the run made", "all", "cleanup", last=True)
        ),
    }


def _play(
    name: str, hosts: str, *roles: str, variables: Mapping[str, object] | None = None, last: bool = False
) -> Play:
    """One play.

    What it runs on hosts is marked in its environment, so that the last play finds and ends it. That one goes on where
    a host fails. Modules unpack themselves where there is room even if a host's disk is full.
    """
    play: Play = {"name": name, "hosts": hosts, "gather_facts": False, "any_errors_fatal": not last}
    play["environment"] = {"TMPDIR": "{{ lab_tmp }}"} | ({} if last else {"LAB_RUN": "{{ lab_run }}"})
    return play | ({"vars": dict(variables)} if variables else {}) | {"roles": list(roles)}


def _toolchains(plan: Plan) -> list[dict[str, object]]:
    builds: list[dict[str, object]] = []
    for name, language in plan.languages.items():
        if (toolchain := language.toolchain) is None:
            continue
        sources = f"{folder_of(name)}/{toolchain.sources}" if toolchain.sources else ""
        build = [list(line) for line in toolchain.commands]
        builds.append(
            {
                "name": build_of(name),
                "language": name,
                "sources": sources,
                "build": build,
                "versions": list(toolchain.versions),
                "path": toolchain.path,
            }
        )
    return builds


def _builds(plan: Plan) -> list[dict[str, object]]:
    builds: list[dict[str, object]] = []
    for name in dict.fromkeys(cell.implementation for cell in plan.cells):
        manifest = plan.experiment.catalog.implementations[name]
        build = [list(line) for line in manifest.build]
        sources = f"implementations/{name}"
        versions = list(manifest.versions)
        builds.append(
            {
                "name": name,
                "language": manifest.language,
                "sources": sources,
                "build": build,
                "build_on": manifest.build_on,
                "versions": versions,
            }
        )
    return builds


def _playbook(*plays: Play) -> str:
    return yaml.safe_dump(list(plays), sort_keys=False, explicit_start=True, allow_unicode=True, width=120)
