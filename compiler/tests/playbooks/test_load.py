"""The begin of a window that several load hosts share, with a program in k6's place."""

import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

OPTIONS = {"warmup": {}, "measure": {}, "warmup_s": 0.1, "measure_s": 0.1, "connect_s": 0.1}
NO_UPSTREAM = {"upstream_url": "", "upstream_settings": {}}


def test_a_host_whose_warm_up_overruns_does_not_load_alone(module: Callable[[str], ModuleType], tmp_path: Path) -> None:
    k6 = tmp_path / "k6-that-hangs"
    k6.write_text("#!/bin/sh\necho $PART >>$HOME/parts\nsleep 2.5\n")
    k6.chmod(0o755)
    load = module("load")
    params = {"k6": str(k6), "script": "", "env": {}, "secret_env": {}, "base_url": "", "cpus": [], "metadata": ""}
    shared = {"folder": str(tmp_path), "segment": 1, "segments": 2, "begin_at_s": time.time() + 0.1, "ahead_s": 0.0}
    found = load.measure({**params, **shared, **OPTIONS, **NO_UPSTREAM})
    assert "late for the window" in found["load"]["problem"]
    assert found["warmup"]["wall_s"] > 2.5
    assert not found["clean"]
    assert (tmp_path / "parts").read_text().split() == ["warmup-1"]
