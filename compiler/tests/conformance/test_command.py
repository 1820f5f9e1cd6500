import contextlib
import json
import os
import threading

import pytest

from benchmark_lab.cli import main

from .refusal import OPENAPI
from .serving import Request, Response, serve


def answer_from_a_constant(_: Request) -> Response:
    return Response(200, b'{"status": "ok"}', {"Content-Type": "application/json"})


def lab_conformance(*arguments: str) -> int:
    with contextlib.chdir(OPENAPI.parent), pytest.raises(SystemExit) as ended:
        main(["conformance", *arguments])
    code = ended.value.code
    assert isinstance(code, int)
    return code


def test_a_server_that_conforms_is_exit_0(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(answer_from_a_constant) as url:
        assert lab_conformance("--base-url", url, "--check", "health") == 0
    assert "conforms to spec/behaviour.md: 1 passed, 0 failed, 0 skipped" in capsys.readouterr().out


def test_a_server_that_answers_from_a_constant_is_exit_4(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(answer_from_a_constant) as url:
        assert lab_conformance("--base-url", url, "--depth", "gate", "--seed", "7", "--json") == 4
    report = json.loads(capsys.readouterr().out)
    outcomes = {result["check"]: result["status"] for result in report["results"]}
    assert (report["schema"], report["ok"], report["seed"]) == (2, False, 7)
    assert outcomes["health"] == "passed"
    assert outcomes["echo"] == "failed"
    assert outcomes["users-create"] == "skipped"


def test_nothing_that_answers_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(answer_from_a_constant) as url:
        pass
    assert lab_conformance("--base-url", url) == 3
    assert f"no server answers at {url}" in capsys.readouterr().err


def test_a_database_that_cannot_be_reached_is_exit_3_and_keeps_its_password(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serve(answer_from_a_constant) as ended:
        database = f"postgresql://lab:sesame@{ended.removeprefix('http://')}/lab"
    with serve(answer_from_a_constant) as url:
        assert lab_conformance("--base-url", url, "--db-url", database) == 3
    said = capsys.readouterr().err
    assert "the database cannot be reached" in said
    assert "sesame" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--jwt-secret-env", "NO_SUCH_VARIABLE"], "the environment has no variable NO_SUCH_VARIABLE"),
        (["--check", "no-such-check"], "`no-such-check` is none of health, "),
        (["--depth", "deep"], "deep"),
    ],
)
def test_a_wrong_option_is_exit_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "NO_SUCH_VARIABLE" not in os.environ
    assert lab_conformance("--base-url", "http://127.0.0.1:1", *arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.tools
def test_a_server_that_hangs_ends_its_check_with_a_clear_failure(capsys: pytest.CaptureFixture[str]) -> None:
    closing = threading.Event()

    def hang(request: Request) -> Response:
        if request.method == "POST":
            closing.wait(30)
        return answer_from_a_constant(request)

    with serve(hang) as url:
        assert lab_conformance("--base-url", url, "--check", "echo-validation") == 4
        closing.set()
    assert "got      none within 5 s" in capsys.readouterr().out
