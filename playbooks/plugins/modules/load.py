#!/usr/bin/python
"""Run k6 on a load host: warm-up, then the measured window."""

from __future__ import annotations

DOCUMENTATION = r"""
module: load
short_description: Load a server with k6, first to warm it up, then to measure it
description:
  - k6 is on the load's CPU set and dies with this module. Several load hosts share the load by execution segments;
    they begin each part at a time of the clock that they agree on, the window once the warm-up has ended on all.
  - A k6 that fails is a result (C(problem)), not a failure of the task.
options:
  part:
    description: What is to be done now. Several hosts warm up and measure one after the other.
    choices: [both, warmup, window]
    default: both
  k6: {description: Path of the k6 program., type: path, required: true}
  script: {type: path, required: true}
  warmup: {description: k6's options of the warm-up., type: dict, required: true}
  measure: {description: k6's options of the measured window., type: dict, required: true}
  warmup_s: {type: float, required: true}
  measure_s: {type: float, required: true}
  connect_s: {description: How long the window's k6 opens connections before the window., type: float, required: true}
  base_url: {type: str, required: true}
  env: {type: dict, default: {}}
  secret_env: {type: dict, default: {}}
  upstream_url: {description: Address of the simulated external API if the scenario calls it., type: str, default: ''}
  upstream_settings: {description: How that API shall behave; members of its POST /reset., type: dict, default: {}}
  segment: {description: Which part of the load is this host's, counted from 0., type: int, default: 0}
  segments: {description: Equal parts of the load; each has a host., type: int, default: 1}
  begin_at_s: {description: Unix time to begin at by this host's clock; 0 is at once., type: float, default: 0}
  ahead_s:
    description: What this host's monotonic clock is ahead of the first load host's.
    type: float
    default: 0
  cpus: {description: The CPU set of the generator., type: list, elements: int, default: []}
  beside: {description: Other load hosts that are on this machine., type: int, default: 0}
  folder: {description: The run's state folder on this host., type: path, required: true}
  metadata: {description: "Of a host that may be taken away: C(host:port) that tells of it.", type: str, default: ''}
  trial: {description: Passed through to the result., type: str, required: true}
author: benchmark-lab
"""

EXAMPLES = r"""
- name: Load the server
  load: {k6: /usr/bin/k6, script: 01-lightweight.js, base_url: "http://198.18.0.2:8000", trial: r00.p00}
"""

RETURN = r"""
warmup: {description: What k6 reported of the warm-up, type: dict, returned: unless only the window was to be done}
load: {description: What k6 reported of the window, type: dict, returned: with a window}
machine: {description: Tells this host's kernel and network from any other, type: str, returned: with a window}
cpu_ids: {description: The CPU set, each CPU by a name that no other host has, type: list, returned: with a window}
clean: {description: Whether k6 and every request of the window succeeded, type: bool, returned: with a window}
host: {description: What this host did within the window, type: dict, returned: with a window}
upstream: {description: What the simulated external API counted, type: dict, returned: on the first host if called}
start_s: {description: Begin of the window, monotonic seconds of this host, type: float, returned: with a window}
end_s: {description: End of the window, type: float, returned: with a window}
common_start_s: {description: The same begin by the first load host's clock, type: float, returned: with a window}
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
from ansible.module_utils.lab_notice import notices

UPSTREAM_TIMEOUT_S = 5.0
SETTLE_S = 0.25
"""Quiet time around the window, so that samples of the server fall between warm-up and window."""
LATE_S = 0.1
"""How late a host may be for a common begin: the others have the server to themselves until it comes."""
LONGEST_LEAD_S = 60.0
"""How far ahead hosts agree on a time at most: what is further off comes from a clock that is wrong."""


class UpstreamError(Exception):
    """The simulated external API does not answer; the text says why."""


class ClockError(Exception):
    """This host cannot begin with the others; the text says why."""


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
    generator: Generator, part: str, options: dict[str, Any], duration_s: float, connect_s: float | None = None
) -> tuple[dict[str, Any], dict[str, float]]:
    """What k6 reported, and what this host did meanwhile: of a window from its begin, without the connecting."""
    counters = Counters(generator.cpus)
    before = [counters.read()]
    load = run(generator, part, options, duration_s, connect_s, on_window=lambda: before.append(counters.read()))
    host = happened(before[-1], counters.read())
    counters.close()
    return {**load, "cpus": len(cpu_set(generator)), "cpus_busy": host["cpus_busy"]}, host


def cpu_set(generator: Generator) -> list[int]:
    """The CPUs that k6 may use."""
    return [*generator.cpus] or sorted(os.sched_getaffinity(0))


def measure(params: dict[str, Any]) -> dict[str, Any]:
    """Warm-up, window or both; each part's begin sets the upstream anew where the scenario calls it."""
    generator = Generator(
        program=params["k6"],
        script=params["script"],
        env={**params["env"], **params["secret_env"], "BASE_URL": params["base_url"]},
        cpus=params["cpus"],
        folder=Path(params["folder"]),
        segment=params["segment"],
        segments=params["segments"],
        share_of_memory=1 / (1 + params["beside"]),
    )
    found: dict[str, Any] = {}
    if params["part"] != "window":
        begin(params)
        found["warmup"], _ = run_counted(generator, "warmup", params["warmup"], params["warmup_s"])
    if params["part"] == "both":
        time.sleep(SETTLE_S)
    if params["part"] != "warmup":
        found.update(measure_window(generator, params))
    return found


def begin(params: dict[str, Any]) -> None:
    """Set the upstream anew; then wait for the time that all hosts agreed on, if there are several."""
    at_s = params["begin_at_s"]
    if at_s > time.time() + LONGEST_LEAD_S:
        raise ClockError(f"all agreed to begin in {at_s - time.time():.0f} s by this host's clock: it is off")
    if is_upstreams_keeper(params):
        ask_upstream(params, "/reset", params["upstream_settings"])
    time.sleep(max(0.0, at_s - time.time()))
    if at_s and (late_s := time.time() - at_s) > LATE_S:
        raise ClockError(
            f"this host is {late_s:.1f} s late for the begin that all agreed on: it is slow, or its clock is off"
        )


def is_upstreams_keeper(params: dict[str, Any]) -> bool:
    """Whether the scenario calls the simulated external API, and this host is the one that sets it."""
    return bool(params["upstream_url"]) and params["segment"] == 0


def measure_window(generator: Generator, params: dict[str, Any]) -> dict[str, Any]:
    """The window, what this host did within it, and what the upstream counted."""
    begin(params)
    load, host = run_counted(generator, "measure", params["measure"], params["measure_s"], params["connect_s"])
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return {
        "clean": load["problem"] is None and load["failed_requests"] == 0,
        "load": load,
        "host": {**host, **notices(params["metadata"])},
        "machine": f"{boot}/{Path('/proc/self/ns/net').stat().st_ino}",
        "cpu_ids": [f"{boot}/{cpu}" for cpu in cpu_set(generator)],
        "start_s": load["start_s"],
        "end_s": load["end_s"],
        "common_start_s": load["start_s"] - params["ahead_s"],
        **({"upstream": upstream_counts(params)} if is_upstreams_keeper(params) else {}),
    }


def upstream_counts(params: dict[str, Any]) -> dict[str, Any]:
    """What the simulated external API counted since the window's begin, or why it does not tell."""
    if params["begin_at_s"]:
        time.sleep(SETTLE_S)  # the last requests of other hosts
    try:
        counted = ask_upstream(params, "/hits")
    except UpstreamError as error:
        counted = {"problem": str(error)}
    return {"latency_ms": params["upstream_settings"].get("latency_ms", 0), **counted}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "part": {"type": "str", "choices": ["both", "warmup", "window"], "default": "both"},
            "k6": {"type": "path", "required": True},
            "script": {"type": "path", "required": True},
            "warmup": {"type": "dict", "required": True},
            "measure": {"type": "dict", "required": True},
            "warmup_s": {"type": "float", "required": True},
            "measure_s": {"type": "float", "required": True},
            "connect_s": {"type": "float", "required": True},
            "base_url": {"type": "str", "required": True},
            "env": {"type": "dict", "default": {}},
            "secret_env": {"type": "dict", "default": {}, "no_log": True},
            "upstream_url": {"type": "str", "default": ""},
            "upstream_settings": {"type": "dict", "default": {}},
            "segment": {"type": "int", "default": 0},
            "segments": {"type": "int", "default": 1},
            "begin_at_s": {"type": "float", "default": 0.0},
            "ahead_s": {"type": "float", "default": 0.0},
            "cpus": {"type": "list", "elements": "int", "default": []},
            "beside": {"type": "int", "default": 0},
            "folder": {"type": "path", "required": True},
            "metadata": {"type": "str", "default": ""},
            "trial": {"type": "str", "required": True},
        }
    )
    try:
        measured = measure(module.params)
    except UpstreamError as error:
        measured = {"clean": False, "upstream": {"problem": str(error)}}
    except ClockError as error:
        measured = {"clean": False, "load": {"problem": str(error)}}
    module.exit_json(changed=True, trial=module.params["trial"], **measured)


if __name__ == "__main__":
    main()
