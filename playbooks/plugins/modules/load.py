#!/usr/bin/python
"""Run k6 on a load host: warm-up, then the measured window."""

from __future__ import annotations

DOCUMENTATION = r"""
module: load
short_description: Load a server with k6, first to warm it up, then to measure it
description:
  - Each k6 process is on the load's CPU set and dies with this module.
  - A k6 that fails is a result (C(problem)), not a failure of the task.
options:
  k6: {description: Path of the k6 program., type: path, required: true}
  script: {type: path, required: true}
  warmup_config: {description: k6 configuration of the warm-up., type: path, required: true}
  measure_config: {description: k6 configuration of the measured window., type: path, required: true}
  warmup_s: {type: float, required: true}
  measure_s: {type: float, required: true}
  base_url: {type: str, required: true}
  env: {type: dict, default: {}}
  secret_env: {type: dict, default: {}}
  upstream_url: {description: Address of the simulated external API if the scenario calls it., type: str, default: ''}
  upstream_settings: {description: How that API shall behave; members of its POST /reset., type: dict, default: {}}
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
warmup: {description: What k6 reported of the warm-up, type: dict, returned: always}
load: {description: What k6 reported of the window, type: dict, returned: always}
upstream: {description: What the simulated external API counted within the window, type: dict, returned: if called}
start_s: {description: Begin of the window, monotonic seconds of this host, type: float, returned: always}
end_s: {description: End of the window, type: float, returned: always}
"""

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_processes import die_with_parent

GRACE_S = 80.0
"""How much longer than its configured duration a k6 process may take: its request timeout of 60 s, and its ends."""
UPSTREAM_TIMEOUT_S = 5.0
SETTLE_S = 0.25
"""Quiet time around the window, so that samples of the server fall between warm-up and window."""


def busy_and_total_ticks(cpus: list[int]) -> tuple[int, int]:
    """Busy and total ticks of these CPUs since boot, from /proc/stat; steal counts as busy."""
    wanted = {f"cpu{number}" for number in cpus} or {"cpu"}
    busy = total = 0
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *fields = line.split()
        if name in wanted:
            ticks = [int(field) for field in fields[:8]]  # user nice system idle iowait irq softirq steal
            idle = ticks[3] + ticks[4]
            total += sum(ticks)
            busy += sum(ticks) - idle
    return busy, total


def describe_exit(code: int) -> str | None:
    """Why k6's exit status means that its figures don't count; None if they do."""
    if code == 0:
        return None
    if code < 0:
        return f"k6 was ended by signal {-code} ({signal.Signals(-code).name})"
    return f"k6 ended with status {code}"


def run_k6(params: dict[str, Any], config: str, duration_s: float) -> dict[str, Any]:
    """One k6 process from start to end, with its own CPU time and the figures of its summary."""
    cpus: list[int] = params["cpus"]
    env = {
        **params["env"],
        **params["secret_env"],
        "BASE_URL": params["base_url"],
        "GOGC": "400",
        "GOMAXPROCS": str(len(cpus) or os.cpu_count()),
        "HOME": params["folder"],
        "K6_NO_USAGE_REPORT": "true",
    }
    argv = [params["k6"], "run", "--quiet", "--no-thresholds", "--no-color", "--address=", f"--config={config}"]
    argv.append(params["script"])

    def enter() -> None:
        die_with_parent()
        if cpus:
            os.sched_setaffinity(0, cpus)

    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        busy_before, total_before = busy_and_total_ticks(cpus)
        used_before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        child = subprocess.Popen(  # noqa: S603  a fixed program with the plan's arguments
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env={key: str(value) for key, value in env.items()},
            start_new_session=True,
            preexec_fn=enter,  # noqa: PLW1509  the module has one thread
        )
        try:
            code = child.wait(duration_s + GRACE_S)
            problem = describe_exit(code)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            problem = f"k6 did not end within {duration_s + GRACE_S:g} s"
        ended = time.monotonic()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy, total = busy_and_total_ticks(cpus)
        figures, parse_problem = read_summary(output)
        messages = read_end(errors)
    problem = problem or parse_problem
    return {
        **figures,
        "problem": f"{problem}: {messages[-500:]}" if problem and messages else problem,
        "cpu_s": used.ru_utime + used.ru_stime - used_before.ru_utime - used_before.ru_stime,
        "cpus": len(cpus) or os.cpu_count(),
        "cpus_busy": (busy - busy_before) / max(1, total - total_before),
        "start_s": began,
        "end_s": ended,
        "wall_s": ended - began,
        "messages": messages,
    }


def read_summary(output: IO[bytes]) -> tuple[dict[str, Any], str | None]:
    """The figures that the scenario's handleSummary printed, by the names of the record, or why there are none."""
    output.seek(0)
    try:
        summary = json.loads(output.read())
        latency = summary.pop("latency_ms")
        return {
            **summary,
            "latency_quantiles_ms": latency["quantiles"],
            "latency_tail_ms": latency["tail"],
            "latency_mean_ms": latency["mean"],
        }, None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return {}, f"k6 printed no summary ({type(error).__name__}: {error})"


def read_end(errors: IO[bytes], limit: int = 4000) -> str:
    """The end of what k6 wrote to standard error."""
    errors.seek(0, os.SEEK_END)
    errors.seek(max(0, errors.tell() - limit))
    return errors.read().decode(errors="replace").strip()


def ask_upstream(params: dict[str, Any], path: str, settings: dict[str, Any] | None = None) -> bytes:
    """Answer of the simulated external API; with settings it is reset to them."""
    request = urllib.request.Request(  # noqa: S310  an address of the run's own
        f"{params['upstream_url']}{path}", data=None if settings is None else json.dumps(settings).encode()
    )
    with urllib.request.urlopen(request, timeout=UPSTREAM_TIMEOUT_S) as answer:  # noqa: S310
        body: bytes = answer.read()
    return body


def measure(params: dict[str, Any]) -> dict[str, Any]:
    """Warm-up and window; around them the upstream is set and its calls are counted, where there is one."""
    called = bool(params["upstream_url"])
    try:
        if called:
            ask_upstream(params, "/reset", params["upstream_settings"])
        warmup = run_k6(params, params["warmup_config"], params["warmup_s"])
        time.sleep(SETTLE_S)
        if called:
            ask_upstream(params, "/reset", {})
        load = run_k6(params, params["measure_config"], params["measure_s"])
        counted = {"upstream": {"problem": None, **json.loads(ask_upstream(params, "/hits"))}} if called else {}
    except (urllib.error.URLError, OSError, ValueError) as error:
        return {"upstream": {"problem": f"the simulated external API does not answer: {error}"}}
    return {"warmup": warmup, "load": load, "start_s": load["start_s"], "end_s": load["end_s"], **counted}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "k6": {"type": "path", "required": True},
            "script": {"type": "path", "required": True},
            "warmup_config": {"type": "path", "required": True},
            "measure_config": {"type": "path", "required": True},
            "warmup_s": {"type": "float", "required": True},
            "measure_s": {"type": "float", "required": True},
            "base_url": {"type": "str", "required": True},
            "env": {"type": "dict", "default": {}},
            "secret_env": {"type": "dict", "default": {}, "no_log": True},
            "upstream_url": {"type": "str", "default": ""},
            "upstream_settings": {"type": "dict", "default": {}},
            "cpus": {"type": "list", "elements": "int", "default": []},
            "folder": {"type": "path", "required": True},
            "trial": {"type": "str", "required": True},
        }
    )
    module.exit_json(changed=True, trial=module.params["trial"], **measure(module.params))


if __name__ == "__main__":
    main()
