import pytest

from benchmark_lab.conformance import Check, Report, Result, Sut, run_conformance
from benchmark_lab.conformance.client import Client
from benchmark_lab.machine.tools import ToolFailedError

from .refusal import OPENAPI
from .serving import Response, serve


def report(*results: Result) -> Report:
    return Report(
        base_url="http://127.0.0.1:8000",
        depth="gate",
        seed=7,
        seconds=1.25,
        ok=all(result.status != "failed" for result in results),
        results=results,
    )


def failure(identifier: str) -> Result:
    return Result(check=identifier, status="failed", seconds=0, sent="GET /users", expected="status 200", got="503")


def test_a_failure_says_what_was_sent_expected_and_got() -> None:
    passed = Result(check="health", status="passed", seconds=0)
    skipped = Result(check="log-line", status="skipped", seconds=0, reason="cannot be seen without --server-log")
    assert list(report(passed, failure("users-list"), skipped).lines()) == [
        (
            "http://127.0.0.1:8000 does not conform to spec/behaviour.md: "
            "1 passed, 1 failed, 1 skipped in 1.2 s (depth gate, seed 7)."
        ),
        "failed   users-list",
        "  sent     GET /users",
        "  expected status 200",
        "  got      503",
        "skipped  log-line: cannot be seen without --server-log",
    ]


def test_many_failures_fit_on_a_screen() -> None:
    lines = list(report(*(failure(f"check-{n}") for n in range(39))).lines())
    assert len(lines) < 40
    assert all(f"check-{n}" in "\n".join(lines) for n in range(39))


def test_no_secret_is_printed() -> None:
    target = Sut("http://sut", db_url="postgresql://lab:p%40ss@db/lab", jwt_secret="jwt-key")  # noqa: S106 -- not one
    assert target.redact("p@ss and p%40ss and jwt-key") == "… and … and …"
    assert "p%40ss" not in repr(target)
    assert "jwt-key" not in repr(target)


def test_a_log_that_cannot_be_read_is_no_result_of_the_server() -> None:
    def lost() -> str:
        raise ToolFailedError("host sut-0 does not answer over SSH")

    async def prove(session: Client) -> None:
        session.server_log()

    checks = [Check(name, prove, counts="nothing", depth="gate") for name in ("log-line", "trace")]
    with serve(lambda _: Response(200, b"")) as url, pytest.raises(ToolFailedError, match="sut-0"):
        run_conformance(Sut(url, server_log=lost), "gate", openapi=OPENAPI, seed=1, checks=checks)
