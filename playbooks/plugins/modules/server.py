#!/usr/bin/python
"""Start, observe and stop a server on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: server
short_description: Start a server and wait until it is ready, observe it over a window, or stop it
description:
  - C(started) stops what ran under the name, starts the command on a free port and its CPU set, waits until it answers,
    and begins to sample it.
  - C(observed) returns what it used, and what its host did, between two moments of the host's monotonic clock.
  - C(stopped) ends it; the name C(*) ends everything recorded below the folder, the last started first, and before that
    the modules of the run that go on although their connection is gone.
  - A server that does not start is a result (C(problem)), not a failure of the task.
options:
  state: {type: str, choices: [started, observed, stopped], default: started}
  name: {type: str, required: true}
  folder: {description: The run's state folder on this host., type: path, required: true}
  argv: {description: "Command line; C({port}) and C({host}) are filled in.", type: list, elements: str}
  env: {description: The whole environment but for the secrets., type: dict, default: {}}
  secret_env: {description: The rest of it., type: dict, default: {}}
  cwd: {type: path}
  cpus: {description: CPU numbers it may use; all if empty., type: list, elements: int, default: []}
  sampler_cpus: {description: CPU numbers for the sampler., type: list, elements: int, default: []}
  with_host: {description: Whether the host's counters are sampled too., type: bool, default: true}
  host: {description: Address to listen on., type: str, default: 127.0.0.1}
  ready_path: {description: Answers 200 once the server is ready., type: str, default: /health}
  ready_timeout_s: {type: float, default: 30}
  memory_share:
    description: Of the host's memory that it may use at most; the sampler then ends it. 0 is no limit.
    type: float
    default: 0
  helpers:
    description: Words of the command lines of processes that have no children and yet are no workers.
    type: list
    elements: str
    default: []
  trial: {description: Passed through to the result., type: str}
  start_s: {description: Begin of the window, monotonic seconds., type: float, default: 0}
  end_s: {description: End of the window., type: float, default: 0}
  metadata: {description: "Of a host that may be taken away: C(host:port) that tells of it.", type: str, default: ''}
  run: {description: The run as its modules have it in LAB_RUN., type: str}
author: benchmark-lab
"""

EXAMPLES = r"""
- name: Start the server
  server: {name: sut, folder: /var/tmp/run, argv: [app, "{port}"], cwd: /srv/app}
"""

RETURN = r"""
problem: {description: Why the server does not serve, type: str, returned: always}
port: {description: The port it listens on, type: int, returned: started}
pid: {description: The server's first process, type: int, returned: started}
workers: {description: Processes that serve, type: int, returned: started}
worker_cpu_s: {description: CPU time within the window of each process that serves, type: list, returned: observed}
host: {description: What the host did within the window, type: dict, returned: observed}
ready_s: {description: Seconds from start to the first 200, type: float, returned: started}
"""

import http.client
import os
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_notice import notices
from ansible.module_utils.lab_processes import (
    Family,
    Process,
    end_modules,
    free_port,
    is_alive,
    read_record,
    read_records,
    start,
    stop,
    tail,
    workers_of,
)
from ansible.module_utils.lab_sampler import Sampling, observe, samples_around, start_sampler

POLL_S = 0.02
LOG_LIMIT = 64 * 1024
"""Bytes of a trial's log that are kept."""


def wait_until_ready(process: Process, host: str, path: str, timeout_s: float) -> str | None:
    """Poll the server; None once it answers 200, else why it never will."""
    deadline = time.monotonic() + timeout_s
    last = "nothing listened"
    while time.monotonic() < deadline:
        if not is_alive(process):
            return "the server ended before it was ready"
        connection = http.client.HTTPConnection(host, process.port, timeout=2)
        try:
            connection.request("GET", path)
            status = connection.getresponse().status
            if status == http.client.OK:
                return None
            last = f"it answered {status}"
        except (OSError, http.client.HTTPException) as error:
            last = f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        time.sleep(POLL_S)
    return f"the server was not ready within {timeout_s:g} s ({last})"


def start_server(params: dict[str, Any]) -> dict[str, Any]:
    """Start the server of this name afresh and wait for it."""
    state, name, host = Path(params["folder"]), params["name"], params["host"]
    previous = read_record(state, name)
    graceful = stop(state, previous) if previous else True
    port = free_port(host)
    argv = [part.replace("{port}", str(port)).replace("{host}", host) for part in params["argv"]]
    env = {**params["env"], **params["secret_env"], "HOST": host, "PORT": str(port)}
    began = time.monotonic()
    try:
        process = start(
            state,
            name,
            argv,
            env={key: str(value) for key, value in env.items()},
            cwd=Path(params["cwd"] or state),
            cpus=params["cpus"],
            port=port,
        )
    except OSError as error:
        return {"changed": True, "problem": f"{argv[0]} cannot be started: {error}", "log_tail": ""}
    problem = wait_until_ready(process, host, params["ready_path"], params["ready_timeout_s"])
    ready_s = time.monotonic() - began
    if problem:
        stop(state, process)
        return {"changed": True, "problem": problem, "log_tail": tail(process.log)}
    memory_bytes = int(params["memory_share"] * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) or None
    start_sampler(
        state,
        process,
        Sampling(params["sampler_cpus"], each=True, host=params["with_host"], memory_bytes=memory_bytes),
    )
    return {
        "changed": True,
        "problem": None,
        "port": port,
        "pid": process.pid,
        "workers": len(workers_of(process.pid, params["helpers"])),
        "ready_s": ready_s,
        "cpus": process.cpu_count,
        "previous_stopped_in_time": graceful,
    }


def observe_server(params: dict[str, Any]) -> dict[str, Any]:
    """What the server used over the window, and whether it is still the same processes."""
    state, name = Path(params["folder"]), params["name"]
    process = read_record(state, name)
    if process is None:
        return {"problem": f"no server of the name {name} was started"}
    start_s, end_s = params["start_s"], params["end_s"]
    samples = samples_around(state, process, start_s, end_s)
    workers = [stat.key for stat in workers_of(process.pid, params["helpers"])]
    window = observe(samples, start_s, end_s)
    why = f": {window.ended}" if window.ended else ""
    return {
        "problem": None if is_alive(process) else f"the server ended during the trial{why}",
        "cpu_s": window.cpu_s,
        "worker_cpu_s": [window.cpu_s_by_process.get(key, 0.0) for key in workers],
        "rss_peak_bytes": window.rss_peak_bytes,
        "processes_before": window.processes_before,
        "processes_after": [stat.key for stat in Family(process.pid).living()],
        "host": {**window.host, **notices(params["metadata"])},
        "log_tail": tail(process.log, LOG_LIMIT),
    }


def stop_servers(params: dict[str, Any]) -> dict[str, Any]:
    """Stop the named process, or all of them, the last started first."""
    state = Path(params["folder"])
    if params["run"]:
        end_modules(params["run"])
    records = [p for p in read_records(state) if params["name"] in ("*", p.name)]
    forced = [p.name for p in reversed(records) if not stop(state, p)]
    return {"changed": bool(records), "problem": None, "stopped": [p.name for p in records], "forced": forced}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["started", "observed", "stopped"], "default": "started"},
            "name": {"type": "str", "required": True},
            "folder": {"type": "path", "required": True},
            "argv": {"type": "list", "elements": "str"},
            "env": {"type": "dict", "default": {}},
            "secret_env": {"type": "dict", "default": {}, "no_log": True},
            "cwd": {"type": "path"},
            "cpus": {"type": "list", "elements": "int", "default": []},
            "sampler_cpus": {"type": "list", "elements": "int", "default": []},
            "with_host": {"type": "bool", "default": True},
            "host": {"type": "str", "default": "127.0.0.1"},
            "ready_path": {"type": "str", "default": "/health"},
            "ready_timeout_s": {"type": "float", "default": 30.0},
            "memory_share": {"type": "float", "default": 0.0},
            "helpers": {"type": "list", "elements": "str", "default": []},
            "trial": {"type": "str"},
            "start_s": {"type": "float", "default": 0.0},
            "end_s": {"type": "float", "default": 0.0},
            "metadata": {"type": "str", "default": ""},
            "run": {"type": "str"},
        },
        required_if=[("state", "started", ["argv"])],
    )
    actions = {"started": start_server, "observed": observe_server, "stopped": stop_servers}
    params = module.params
    about = {"changed": False, "state": params["state"], "trial": params["trial"], "server": params["name"]}
    module.exit_json(**{**about, **actions[params["state"]](params)})


if __name__ == "__main__":
    main()
