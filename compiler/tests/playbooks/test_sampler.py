import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from ansible.module_utils import lab_processes, lab_sampler
from ansible.module_utils.lab_sampler import Sample, Sampling, observe, read_samples

BURN = """
import os, time
while not os.path.exists("go"): time.sleep(0.01)
end = time.process_time() + 0.5
while time.process_time() < end: pass
time.sleep(60)
"""
"""Begins when the sampler watches, however long that takes to start."""


@contextmanager
def sampled(state: Path, code: str, sampling: object) -> Iterator[lab_processes.Process]:
    process = lab_processes.start(state, "sut", [sys.executable, "-c", code], env={}, cwd=state, cpus=[], port=0)
    try:
        lab_sampler.start_sampler(state, process, sampling)
        yield process
    finally:
        lab_processes.stop(state, process)


def wait_for_sample(state: Path, at_least: int = 1) -> None:
    deadline = time.monotonic() + 20
    while len(read_samples(lab_sampler.samples_path(state, "sut"))) < at_least:
        assert time.monotonic() < deadline, "the sampler wrote nothing"
        time.sleep(0.02)


def test_the_sampler_sees_the_cpu_time_of_a_window_and_the_host(tmp_path: Path) -> None:
    began = time.monotonic()
    with sampled(tmp_path, BURN, Sampling([], each=True, host=True)) as process:
        wait_for_sample(tmp_path)
        (tmp_path / "go").touch()
        while not (found := read_samples(lab_sampler.samples_path(tmp_path, "sut"))) or found[-1].cpu_s < 0.5:
            assert time.monotonic() < began + 20
            time.sleep(0.05)
        ended = time.monotonic()
        window = observe(
            lab_sampler.samples_around(tmp_path, process, began, Sampling(each=True, host=True)), began, ended
        )
    assert 0.4 < window.cpu_s < 0.7
    assert window.cpu_s == pytest.approx(sum(window.cpu_s_by_process.values()), abs=0.02)
    assert window.rss_peak_bytes > 2**20
    assert 0 < window.host["cpus_busy"] <= 1 + 1e-9
    assert window.host["context_switches"] > 0


def test_what_is_not_asked_for_is_not_written(tmp_path: Path) -> None:
    with sampled(tmp_path, "import time; time.sleep(60)", Sampling([])):
        wait_for_sample(tmp_path, 3)
    first, second, *_ = read_samples(lab_sampler.samples_path(tmp_path, "sut"))
    assert (first.processes, first.host, first.answer) == ({}, None, None)
    assert first.rss_bytes > 0
    assert second.rss_bytes is None


def test_the_answers_of_what_is_sampled_are_kept(tmp_path: Path) -> None:
    with sampled(tmp_path, "import time; time.sleep(60)", Sampling([], ask=lambda: (1.0, 2.0))):
        wait_for_sample(tmp_path, 2)
    first, second, *_ = read_samples(lab_sampler.samples_path(tmp_path, "sut"))
    assert first.answer == [1.0, 2.0]
    assert second.answer is None


def test_the_sampler_ends_with_what_it_samples(tmp_path: Path) -> None:
    with sampled(tmp_path, "import time; time.sleep(60)", Sampling([])):
        wait_for_sample(tmp_path)
    deadline = time.monotonic() + 5
    while str(lab_sampler.samples_path(tmp_path, "sut")) in open_files():
        assert time.monotonic() < deadline, "somebody still has the samples open"
        time.sleep(0.05)


def open_files() -> Iterator[str]:
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            for link in folder.iterdir():
                with suppress(OSError):
                    yield str(link.readlink())


def test_only_the_end_of_a_long_record_is_read(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    lines = [json.dumps(Sample(float(n), n / 10)) + "\n" for n in range(20_000)]
    path.write_text("".join(lines) + '[20000.0, "torn')
    samples = read_samples(path, since_s=19_990.0)
    assert samples[0].at_s < 19_990.0
    assert samples[-1] == Sample(19_999.0, 1999.9)
    assert len(samples) < 5_000
    assert len(read_samples(path, since_s=0.0)) == 20_000


def test_a_record_that_was_never_written_has_no_samples(tmp_path: Path) -> None:
    assert read_samples(tmp_path / "none.jsonl") == []


def test_a_process_that_came_within_the_window_counts_from_nothing() -> None:
    samples = [
        Sample(0.0, 5.0, {"1:1": 5.0}),
        Sample(1.0, 6.5, {"1:1": 6.0, "2:1": 0.5}),
        Sample(2.0, 8.5, {"1:1": 7.0, "2:1": 1.5}),
    ]
    window = observe(samples, 0.0, 2.0)
    assert window.cpu_s_by_process == {"1:1": 2.0, "2:1": 1.5}
    assert window.cpu_s == 3.5


def test_a_window_is_interpolated_at_both_ends() -> None:
    samples = [
        Sample(0.0, 0.0, {"1:1": 0.0, "2:1": 0.0}, 100),
        Sample(1.0, 3.0, {"1:1": 1.0, "2:1": 2.0}),
        Sample(2.0, 4.0, {"1:1": 2.0}, 300),
    ]
    window = observe(samples, 0.5, 2.0)
    assert window.cpu_s == 4.0 - 1.5
    assert window.rss_peak_bytes == 300
    assert window.processes_before == ("1:1", "2:1")


def test_the_host_is_read_at_the_ends_of_the_window() -> None:
    def counters(n: float) -> list[float]:
        return [n * 10, n * 2, n, n * 100, *[n * 1000] * 9]

    samples = [Sample(float(n), 0.0, host=counters(n)) for n in range(4)]
    host = observe(samples, 0.5, 2.5).host
    assert host["cpus_busy"] == pytest.approx(0.1)
    assert host["interrupts"] == pytest.approx(0.02)
    assert host["steal"] == pytest.approx(0.01)
    assert host["sent_bytes"] == 2000


def test_without_samples_nothing_was_used() -> None:
    window = observe([], 0.0, 1.0)
    assert (window.cpu_s, window.rss_peak_bytes, window.processes_before, window.host) == (0.0, 0, (), {})
