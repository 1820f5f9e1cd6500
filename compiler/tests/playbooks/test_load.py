"""The parts of a load that several hosts begin together, with a program in k6's place."""

import os
import time
from pathlib import Path

import pytest
from ansible.module_utils import lab_load

OPTIONS = {"warmup": {}, "measure": {}, "warmup_s": 0.1, "measure_s": 0.1, "connect_s": 0.1}
NO_UPSTREAM = {"upstream_url": "", "upstream_settings": None}


@pytest.fixture
def params(tmp_path: Path) -> dict[str, object]:
    """Of the second of two hosts; its k6 notes its parts and takes half a second longer than it was asked to."""
    k6 = tmp_path / "slow-k6"
    k6.write_text("#!/bin/sh\necho $PART $GOMEMLIMIT $(date +%s.%N) >>$HOME/parts\nsleep 0.6\n")
    k6.chmod(0o755)
    own = {"k6": str(k6), "script": "", "env": {}, "cpus": [], "metadata": ""}
    shared = {"folder": str(tmp_path), "segment": 1, "segments": 2, "beside": 1, "ahead_s": 0.0}
    return {**own, **shared, **OPTIONS, **NO_UPSTREAM}


def parts(folder: Path) -> list[str]:
    file = folder / "parts"
    return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []


def test_several_hosts_warm_up_however_long_that_takes_and_then_begin_the_window_together(
    tmp_path: Path, params: dict[str, object]
) -> None:
    warmed = lab_load.measure({**params, "part": "warmup", "begin_at_s": time.time() + 0.1})
    assert warmed["warmup"]["wall_s"] > 0.6
    assert warmed.keys() == {"warmup"}
    window_at_s = time.time() + 0.3
    measured = lab_load.measure({**params, "part": "window", "begin_at_s": window_at_s})
    assert "warmup" not in measured
    started_at_s = float((tmp_path / "parts").read_text().split()[-1])
    assert window_at_s <= started_at_s < window_at_s + 0.2
    assert parts(tmp_path) == ["warmup-1", "measure-1"]


def test_several_k6_processes_on_one_machine_share_the_memory_that_one_may_fill(
    tmp_path: Path, params: dict[str, object]
) -> None:
    for beside in (0, 3):
        lab_load.measure({**params, "part": "warmup", "begin_at_s": 0.0, "beside": beside})
    alone, one_of_four = (int(line.split()[1]) for line in (tmp_path / "parts").read_text().splitlines())
    assert alone == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    assert one_of_four == pytest.approx(alone / 4, rel=1e-6)


@pytest.mark.parametrize(
    ("part", "begin_in_s", "problem"),
    [("warmup", -0.5, "0.5 s late for"), ("window", -0.5, "0.5 s late for"), ("window", 90.0, "it is off")],
)
def test_a_host_that_cannot_begin_with_the_others_loads_nothing(
    params: dict[str, object], part: str, begin_in_s: float, problem: str
) -> None:
    with pytest.raises(lab_load.ClockError, match=problem):
        lab_load.measure({**params, "part": part, "begin_at_s": time.time() + begin_in_s})
    assert parts(Path(str(params["folder"]))) == []
