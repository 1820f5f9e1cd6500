#!/usr/bin/python
"""Run k6 on a load host: warm-up, then the measured window."""

from __future__ import annotations

DOCUMENTATION = r"""
module: load
short_description: Load a server with k6, first to warm it up, then to measure it
description:
  - Each k6 process is on the load's CPU set and dies with this module. Several of them share the load by execution
    segments; the window is then from the latest start to the earliest end.
  - A k6 that fails is a result (C(problem)), not a failure of the task.
options:
  k6: {description: Path of the k6 program., type: path, required: true}
  script: {type: path, required: true}
  warmup: {description: k6's options of the warm-up., type: dict, required: true}
  measure: {description: k6's options of the measured window., type: dict, required: true}
  warmup_s: {type: float, required: true}
  measure_s: {type: float, required: true}
  base_url: {type: str, required: true}
  env: {type: dict, default: {}}
  secret_env: {type: dict, default: {}}
  upstream_url: {description: Address of the simulated external API if the scenario calls it., type: str, default: ''}
  upstream_settings: {description: How that API shall behave; members of its POST /reset., type: dict, default: {}}
  processes: {description: k6 processes that share the load and the CPU set., type: int, default: 1}
  cpus: {description: The CPU set of the generator., type: list, elements: int, default: []}
  folder: {description: The run's state folder on this host., type: path, required: true}
  trial: {description: Passed through to the result., type: str, required: true}
author: benchmark-lab
"""

EXAMPLES = r"""
- name: Load the server
  load: {k6: /usr/bin/k6, script: 01-lightweight.js, base_url: "http://198.18.0.2:8000", trial: r00.p00}
"""

RETURN = r"""
warmups: {description: What each k6 process reported of the warm-up, type: list, returned: always}
loads: {description: What each k6 process reported of the window, type: list, returned: always}
clean: {description: Whether k6 and every request succeeded, type: bool, returned: always}
host: {description: What this host did within the window, type: dict, returned: always}
upstream: {description: What the simulated external API counted within the window, type: dict, returned: if called}
start_s: {description: Begin of the window, monotonic seconds of this host, type: float, returned: always}
end_s: {description: End of the window, type: float, returned: always}
"""

import json
import os
import time
import urllib.request
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_counters import Counters, happened
from ansible.module_utils.lab_k6 import Generator, run

UPSTREAM_TIMEOUT_S = 5.0
SETTLE_S = 0.25
"""Quiet time around the window, so that samples of the server fall between warm-up and window."""


class UpstreamError(Exception):
    """The simulated external API does not answer; the text says why."""


def ask_upstream(params: dict[str, Any], path: str, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Answer of the simulated external API; with settings it is reset to them, and has none."""
    request = urllib.request.Request(  # noqa: S310  an address of the run's own
        f"{params['upstream_url']}{path}", data=None if settings is None else json.dumps(settings).encode()
    )
    try:
        with urllib.request.urlopen(request, timeout=UPSTREAM_TIMEOUT_S) as answer:  # noqa: S310
            body: dict[str, Any] = json.loads(answer.read() or b"{}")
    except (OSError, ValueError) as error:
        raise UpstreamError(f"the simulated external API does not answer: {error}") from error
    return body


def run_counted(
    generator: Generator, part: str, options: dict[str, Any], duration_s: float, *, follow: bool = False
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """What each k6 process reported, and what this host did meanwhile."""
    counters = Counters(generator.cpus)
    before = counters.read()
    loads = run(generator, part, options, duration_s, follow=follow)
    host = happened(before, counters.read())
    counters.close()
    cpus = len(generator.cpus) or os.cpu_count()
    return [{**load, "cpus": cpus, "cpus_busy": host["cpus_busy"]} for load in loads], host


def measure(params: dict[str, Any]) -> dict[str, Any]:
    """Warm-up and window; around them the upstream is set and its calls are counted, where there is one."""
    generator = Generator(
        program=params["k6"],
        script=params["script"],
        env={**params["env"], **params["secret_env"], "BASE_URL": params["base_url"]},
        cpus=params["cpus"],
        processes=params["processes"],
        folder=Path(params["folder"]),
    )
    called = bool(params["upstream_url"])
    settings = params["upstream_settings"]
    if called:
        ask_upstream(params, "/reset", settings)
    warmups, _ = run_counted(generator, "warmup", params["warmup"], params["warmup_s"])
    time.sleep(SETTLE_S)
    if called:
        ask_upstream(params, "/reset", {})
    loads, host = run_counted(generator, "measure", params["measure"], params["measure_s"], follow=True)
    counted = ask_upstream(params, "/hits") if called else {}
    return {
        "clean": all(load["problem"] is None and load["failed_requests"] == 0 for load in loads),
        "warmups": warmups,
        "loads": loads,
        "host": host,
        "start_s": max(load["start_s"] for load in loads),
        "end_s": min(load["end_s"] for load in loads),
        **({"upstream": {"latency_ms": settings.get("latency_ms", 0), **counted}} if called else {}),
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "k6": {"type": "path", "required": True},
            "script": {"type": "path", "required": True},
            "warmup": {"type": "dict", "required": True},
            "measure": {"type": "dict", "required": True},
            "warmup_s": {"type": "float", "required": True},
            "measure_s": {"type": "float", "required": True},
            "base_url": {"type": "str", "required": True},
            "env": {"type": "dict", "default": {}},
            "secret_env": {"type": "dict", "default": {}, "no_log": True},
            "upstream_url": {"type": "str", "default": ""},
            "upstream_settings": {"type": "dict", "default": {}},
            "processes": {"type": "int", "default": 1},
            "cpus": {"type": "list", "elements": "int", "default": []},
            "folder": {"type": "path", "required": True},
            "trial": {"type": "str", "required": True},
        }
    )
    try:
        measured = measure(module.params)
    except UpstreamError as error:
        measured = {"clean": False, "upstream": {"problem": str(error)}}
    module.exit_json(changed=True, trial=module.params["trial"], **measured)


if __name__ == "__main__":
    main()
