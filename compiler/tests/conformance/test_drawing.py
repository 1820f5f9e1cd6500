import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark_lab.conformance.drawing import Drawn, draw
from benchmark_lab.conformance.schema import members

from .refusal import OPENAPI

TEXT = OPENAPI.read_text(encoding="utf-8")


def drawn(path: str, method: str, seed: int = 3) -> tuple[Drawn, ...]:
    return draw.__wrapped__(TEXT, path, method, seed=seed, of_each=4)


def test_the_same_seed_draws_the_same_requests() -> None:
    first = drawn("/users", "POST")
    assert drawn("/users", "POST") == first
    assert drawn("/users", "POST", seed=4) != first


def test_one_half_is_allowed_and_the_other_broken() -> None:
    requests = drawn("/users/{id}", "GET")
    ids = [request.target.removeprefix("/users/") for request in requests]
    assert len(ids) == 8
    assert all(text.isdecimal() and 0 < int(text) < 2**63 for text in ids[:4])
    assert not any(text.isdecimal() and 0 < int(text) < 2**63 for text in ids[4:])


def test_a_body_comes_with_its_content_type() -> None:
    (request, *_) = drawn("/users", "POST")
    assert request.headers == {"Content-Type": "application/json"}
    assert members(json.loads(request.content or b"")).keys() >= {"email", "name", "age", "active"}


def test_drawing_leaves_nothing_in_the_working_folder(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        drawn("/users", "GET")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", ["benchmark_lab.cli", "benchmark_lab.conformance"])
def test_nothing_that_draws_is_loaded_before_it_is_needed(module: str) -> None:
    loaded = f"import sys, {module}; print({{'schemathesis', 'hypothesis'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
