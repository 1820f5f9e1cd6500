import json
from datetime import UTC, datetime

from benchmark_lab.runtime.ansible import Event, parse_event
from benchmark_lab.runtime.trials import Measured, TrialAssembler

K6 = {"problem": None, "requests": 900, "window_s": 3.0, "wall_s": 3.2, "cpu_s": 0.3, "messages": ""}


def event(kind: str, action: str, at_s: float, **result: object) -> Event:
    line = {"event": kind, "monotonic_s": at_s, "task": action, "action": action, "host": "h", "result": result}
    return parse_event(json.dumps(line))


def assembled(events: list[Event]) -> list[Measured]:
    found: list[Measured] = []
    assembler = TrialAssembler(found.append, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    for each in events:
        assembler(each)
    return found


def whole_trial(number: str, start_s: float) -> list[Event]:
    return [
        event("task", "server", start_s),
        event("ok", "server", start_s + 1, state="started", trial=number, problem=None, ready_s=0.4, cpus=2),
        event("task", "load", start_s + 1),
        event("ok", "load", start_s + 7, trial=number, warmup={**K6, "wall_s": 2.0}, load=K6),
        event("task", "server", start_s + 7),
        event("ok", "server", start_s + 8, state="observed", trial=number, problem=None, cpu_s=0.25, log_tail="hello"),
    ]


def test_a_trial_is_handed_over_with_its_last_task_and_the_next_starts_afresh() -> None:
    first, second = assembled(whole_trial("0", 100.0) + whole_trial("1", 108.0))
    assert (first.position, second.position) == (0, 1)
    assert first.measurement.server.cpu_s == 0.25
    assert first.measurement.server.ready_s == 0.4
    assert first.measurement.server.cpus == 2
    assert first.measurement.load is not None
    assert first.measurement.load.requests == 900
    assert round(first.measurement.overhead_s, 6) == 8.0 - 2.0 - 3.2
    assert first.server_log == "hello"


def test_a_server_that_did_not_start_keeps_its_own_reason() -> None:
    events = [
        event("task", "server", 0.0),
        event("ok", "server", 9.0, state="started", trial="0", problem="not ready within 9 s", log_tail="Traceback"),
        event("ok", "database", 9.5, state="checked", trial="0", problem=None),
        event("ok", "server", 10.0, state="observed", trial="0", problem="no server of the name sut was started"),
    ]
    (measured,) = assembled(events)
    assert measured.measurement.server.problem == "not ready within 9 s"
    assert measured.server_log == "Traceback"
    assert measured.measurement.load is None
    assert measured.measurement.database is not None


def test_an_unfinished_trial_is_no_trial() -> None:
    assert assembled(whole_trial("0", 0.0)[:-1]) == []
