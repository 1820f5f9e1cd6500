"""What no change of order and no worse counter may do to a verdict."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark_lab.judge.drift import drift_of
from benchmark_lab.records import Measurement, Trial
from tests.measurements.records import record
from tests.measurements.verdicts import VERDICTS

JsonObject = dict[str, "JsonValue"]
JsonValue = None | bool | int | float | str | list["JsonValue"] | JsonObject

NAMES = sorted(VERDICTS)
INVALID = [name for name in NAMES if VERDICTS[name].codes]
UNORDERED = ("processes_before", "processes_after", "worker_cpu_s")
"""Lists whose order means nothing; that of every dictionary's entries means nothing either."""


def judged(name: str, raw: JsonValue) -> Trial:
    return record(name).model_copy(update={"measurement": Measurement.model_validate(raw)}).judge()


def raw_of(name: str) -> JsonObject:
    raw: JsonObject = json.loads(record(name).measurement.model_dump_json())
    return raw


def shuffled(value: JsonValue, chance: random.Random) -> JsonValue:
    if not isinstance(value, dict):
        return value
    entries: JsonObject = {}
    for key, entry in chance.sample(list(value.items()), len(value)):
        in_any_order = isinstance(entry, list) and key in UNORDERED
        entries[key] = chance.sample(entry, len(entry)) if in_any_order else shuffled(entry, chance)  # type: ignore[arg-type]  # mypy does not carry the list's type
    return entries


@settings(deadline=None)  # a busy machine is no bug
@given(
    name=st.sampled_from(NAMES),
    failures=st.dictionaries(
        st.sampled_from(["status 500", "status 503", "no answer", "wrong body"]), st.integers(1, 9)
    ),
    processes=st.lists(st.integers(2, 30_000), unique=True, max_size=6),
    seed=st.integers(0, 2**32),
)
def test_order_that_means_nothing_changes_no_verdict(
    name: str, failures: dict[str, int], processes: list[int], seed: int
) -> None:
    raw = raw_of(name)
    for key in ("processes_before", "processes_after"):
        raw["server"][key] += [f"{pid}:{pid * 7}" for pid in processes]  # type: ignore[index, operator, call-overload]  # the record's shape
    if isinstance(raw["load"], dict):
        raw["load"]["failures"] = {**failures}
    one, other = judged(name, raw), judged(name, shuffled(raw, random.Random(seed)))  # noqa: S311  repeatable, not secret
    assert one == other


@settings(deadline=None)
@given(st.lists(st.integers(1, 5_000), max_size=40))
def test_a_window_is_as_steady_backwards(series: list[int]) -> None:
    one, other = drift_of(series), drift_of(series[::-1])
    assert (one is None) == (other is None)
    if one and other:
        assert abs(one.change + other.change) < 1e-9
        assert abs(one.standard_error - other.standard_error) < 1e-9
        assert one.exceeds(0.03) == other.exceeds(0.03)


def test_a_valid_trial_stays_valid_backwards() -> None:
    for name in NAMES:
        if load := record(name).measurement.load:
            backwards = {"throughput_series_rps": load.throughput_series_rps[::-1]}
            verdict = record(name).having(load=backwards).judge().verdict
            assert verdict == ("invalid" if VERDICTS[name].codes else "valid")


def more(part: str, field: str, share: float, least: int) -> Callable[[JsonObject], None]:
    def change(raw: JsonObject) -> None:
        observation = raw[part]
        if isinstance(observation, dict) and isinstance(value := observation.get(field), int | float):
            observation[field] = value * (1 + share) + least if isinstance(value, float) else value + least

    return change


def fewer(part: str, field: str, least: int) -> Callable[[JsonObject], None]:
    def change(raw: JsonObject) -> None:
        observation = raw[part]
        if isinstance(observation, dict) and isinstance(value := observation.get(field), int):
            observation[field] = max(0, value - least)

    return change


def fewer_rows(raw: JsonObject, least: int) -> None:
    if isinstance(database := raw["database"], dict) and isinstance(rows := database["rows_added"], dict):
        for table, added in rows.items():
            assert isinstance(added, int)
            rows[table] = max(0, added - least)


def fails_more(raw: JsonObject, count: int) -> None:
    if isinstance(load := raw["load"], dict):
        load["failed_requests"] = min(load["requests"], load["failed_requests"] + count)  # type: ignore[type-var, operator]  # both are numbers
        load["failures"] = {"status 503": load["failed_requests"]}


def steals_more(raw: JsonObject, share: float, refused: int) -> None:
    hosts = raw["hosts"]
    assert isinstance(hosts, dict)
    for role in ("sut", "load", "db"):
        host = hosts.setdefault(role, {})
        assert isinstance(host, dict)
        for field, worse in (("steal", share), ("syn_retransmits", refused), ("listen_overflows", refused)):
            host[field] = host.get(field, 0) + worse  # type: ignore[operator]  # both are numbers


def ends(raw: JsonObject) -> None:
    if isinstance(server := raw["server"], dict) and isinstance(after := server["processes_after"], list):
        server["processes_after"] = after[1:]


@settings(deadline=None)
@given(name=st.sampled_from(INVALID), share=st.floats(0, 2), count=st.integers(0, 5_000), data=st.data())
def test_a_worse_counter_makes_no_invalid_trial_valid(name: str, share: float, count: int, data: st.DataObject) -> None:
    worse: dict[str, Callable[[JsonObject], None]] = {
        "generator CPU": more("load", "cpu_s", share, 0),
        "generator's CPU set": more("load", "cpus_busy", share, 0),
        "dropped": more("load", "dropped_iterations", 0, count),
        "incomplete": fewer("load", "iterations", count),
        "failed": lambda raw: fails_more(raw, count),
        "database CPU": more("database", "cpu_s", share, 0),
        "transactions": more("database", "transactions", 0, count),
        "locks": more("database", "lock_waiters", share, 0),
        "rows": lambda raw: fewer_rows(raw, count),
        "upstream CPU": more("upstream", "cpu_s", share, 0),
        "upstream calls": fewer("upstream", "hits", count),
        "hosts": lambda raw: steals_more(raw, share, count),
        "processes": ends,
    }
    raw = raw_of(name)
    changed = data.draw(st.lists(st.sampled_from(sorted(worse)), unique=True, min_size=1))
    for counter in changed:
        worse[counter](raw)
    after = judged(name, raw)
    assert after.verdict == "invalid"
    # A process that ended is a restart; and where iterations were dropped, no other knows how late it was.
    explained = {
        code for counter, code in (("processes", "wrong-workers"), ("dropped", "late-arrivals")) if counter in changed
    }
    assert set(VERDICTS[name].codes) - explained <= {reason.code for reason in after.reasons}
