"""A server on a host: started and waited for, observed over a window, stopped."""

from __future__ import annotations

import http.client
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible.module_utils.lab_notice import notices
from ansible.module_utils.lab_processes import (
    Family,
    Process,
    begin_to_stop,
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
WATCHED = Sampling(each=True, host=True)
"""What is sampled of a server."""
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
    """Start the server of this name afresh and wait for it; at a `port` that was chosen for it, if one was."""
    state, name, host = Path(params["folder"]), params["name"], params["host"]
    previous = read_record(state, name)
    graceful = stop(state, previous) if previous else True
    port = params.get("port") or free_port(host)
    argv = [part.replace("{port}", str(port)).replace("{host}", host) for part in params["argv"]]
    env = {**params["env"], "HOST": host, "PORT": str(port)}
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
    watched = WATCHED if params["with_host"] else replace(WATCHED, host=False)
    start_sampler(state, process, replace(watched, cpus=params["sampler_cpus"], memory_bytes=memory_bytes))
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
    """What the server used over the window, and whether it is still the same processes; then it may go."""
    state, name = Path(params["folder"]), params["name"]
    process = read_record(state, name)
    if process is None:
        return {"problem": f"no server of the name {name} was started"}
    start_s, end_s = params["start_s"], params["end_s"]
    samples = samples_around(state, process, start_s, WATCHED)
    workers = [stat.key for stat in workers_of(process.pid, params["helpers"])]
    window = observe(samples, start_s, end_s)
    why = f": {window.ended}" if window.ended else ""
    found = {
        "problem": None if is_alive(process) else f"the server ended during the trial{why}",
        "cpu_s": window.cpu_s,
        "worker_cpu_s": [window.cpu_s_by_process.get(key, 0.0) for key in workers],
        "rss_peak_bytes": window.rss_peak_bytes,
        "processes_before": window.processes_before,
        "processes_after": [stat.key for stat in Family(process.pid).living()],
        "host": {**window.host, **notices(params["metadata"])},
        "log_tail": tail(process.log, LOG_LIMIT),
    }
    begin_to_stop(state, process)
    return found


def stop_servers(params: dict[str, Any]) -> dict[str, Any]:
    """Stop the named process, or all of them, the last started first."""
    state = Path(params["folder"])
    if params["run"]:
        end_modules(params["run"])
    records = [p for p in read_records(state) if params["name"] in ("*", p.name)]
    forced = [p.name for p in reversed(records) if not stop(state, p)]
    return {"changed": bool(records), "problem": None, "stopped": [p.name for p in records], "forced": forced}
