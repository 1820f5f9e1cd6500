"""The load of a trial from one host: k6 warms a server up, then k6 measures it.

Several load hosts share a load by execution segments. They begin each part at a time that they agree on: the window
once the warm-up has ended on all of them. A k6 that fails is a result (`problem`), not an error.
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.lab_counters import Counters, happened
from ansible.module_utils.lab_k6 import Generator, Running, finish, launch
from ansible.module_utils.lab_notice import notices

if TYPE_CHECKING:
    from ansible.module_utils.lab_station import Confer

UPSTREAM_TIMEOUT_S = 5.0
OTHERS_END_S = 0.25
"""How long the last requests of other load hosts may take after this one's."""
LATE_S = 0.1
"""How late a host may be for a common begin: the others have the server to themselves until it comes."""
LONGEST_LEAD_S = 60.0
"""How far ahead hosts agree on a time at most: what is further off comes from a clock that is wrong."""


class UpstreamError(Exception):
    """The upstream does not answer; the text says why."""


class NotWantedError(Exception):
    """This host is not to begin."""


class ClockError(Exception):
    """This host cannot begin with the others; the text says why."""


def ask_upstream(params: dict[str, Any], path: str, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Answer of the upstream; with settings it is reset to them, and has none."""
    request = urllib.request.Request(  # noqa: S310  an address of the run's own
        f"{params['upstream_url']}{path}", data=None if settings is None else json.dumps(settings).encode()
    )
    try:
        with urllib.request.urlopen(request, timeout=UPSTREAM_TIMEOUT_S) as answer:  # noqa: S310
            body: dict[str, Any] = json.loads(answer.read() or b"{}")
    except (OSError, ValueError) as error:
        raise UpstreamError(f"the upstream does not answer: {error}") from error
    return body


def finish_counted(
    generator: Generator, running: Running, duration_s: float
) -> tuple[dict[str, Any], dict[str, float]]:
    """What k6 reported, and what this host did meanwhile: of a window from its begin, without the connecting."""
    with closing(Counters(generator.cpus)) as counters:
        before = [counters.read()]
        load = finish(running, duration_s, on_window=lambda: before.append(counters.read()))
        host = happened(before[-1], counters.read())
    return {**load, "cpus": len(cpu_set(generator)), "cpus_busy": host["cpus_busy"]}, host


def cpu_set(generator: Generator) -> list[int]:
    """The CPUs that k6 may use."""
    return [*generator.cpus] or sorted(os.sched_getaffinity(0))


def load(params: dict[str, Any], confer: Confer) -> dict[str, Any]:
    """Warm-up and window, as far as this host can begin and the upstream answers; see `measure`."""
    try:
        return measure(params, confer)
    except NotWantedError:
        return {"clean": False}
    except UpstreamError as error:
        return {"clean": False, "upstream": {"problem": str(error)}}
    except ClockError as error:
        return {"clean": False, "load": {"problem": str(error)}}


def measure(params: dict[str, Any], confer: Confer) -> dict[str, Any]:
    """Warm-up and window; each one's begin sets the upstream anew where the scenario calls it.

    The k6 of the window gets ready in the second half of the warm-up, and connects right after it: then samples of the
    server lie between the two.

    Args:
        params: of the load.
        confer: told when k6 is ready to warm the server up, and, if this is one of several hosts, what the warm-up came
            to; says at what time to begin (`begin_at_s`): 0 is at once, and None never.
    """
    generator = Generator(
        program=params["k6"],
        script=params["script"],
        env=params["env"],
        cpus=params["cpus"],
        folder=Path(params["folder"]),
        segment=params["segment"],
        segments=params["segments"],
        share_of_memory=1 / (1 + params["beside"]),
    )
    with ExitStack() as running:

        def prepare(part: str, connect_s: float | None = None) -> Running:
            made = launch(generator, part, params[part], connect_s)
            running.callback(made.end_now)
            return made

        warmup = prepare("warmup")
        warmup.get_ready()
        begin(warmup, params, confer({})["begin_at_s"])
        half_s = params["warmup_s"] / 2
        time.sleep(half_s)
        window = prepare("measure", params["connect_s"])
        found = {"warmup": finish_counted(generator, warmup, half_s)[0]}
        begin_at_s = 0.0
        if params["segments"] > 1:
            window.get_ready()
            begin_at_s = confer(found)["begin_at_s"]
        begin(window, params, begin_at_s)
        return {**found, **measure_window(generator, window, params)}


def begin(running: Running, params: dict[str, Any], at_s: float | None) -> None:
    """Set the upstream anew, and let k6 go: at the time that all hosts agreed on, if there are several."""
    if at_s is None:
        raise NotWantedError
    if at_s > time.time() + LONGEST_LEAD_S:
        raise ClockError(f"all agreed to begin in {at_s - time.time():.0f} s by this host's clock: it is off")
    if is_upstreams_keeper(params):
        ask_upstream(params, "/reset", params["upstream_settings"])
    time.sleep(max(0.0, at_s - time.time()))
    if at_s and (late_s := time.time() - at_s) > LATE_S:
        raise ClockError(
            f"this host is {late_s:.1f} s late for the begin that all agreed on: it is slow, or its clock is off"
        )
    running.begin()


def is_upstreams_keeper(params: dict[str, Any]) -> bool:
    """Whether the scenario calls the upstream, and this host is the one that sets it."""
    return params["upstream_settings"] is not None and params["segment"] == 0


def measure_window(generator: Generator, window: Running, params: dict[str, Any]) -> dict[str, Any]:
    """The window, what this host did within it, and what the upstream counted."""
    load, host = finish_counted(generator, window, params["window_s"])
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
    """What the upstream counted since the window's begin, or why it does not tell."""
    if params["segments"] > 1:
        time.sleep(OTHERS_END_S)
    try:
        counted = ask_upstream(params, "/hits")
    except UpstreamError as error:
        counted = {"problem": str(error)}
    return {"latency_ms": params["upstream_settings"].get("latency_ms", 0), **counted}
