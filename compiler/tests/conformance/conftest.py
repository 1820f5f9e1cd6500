import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from benchmark_lab.conformance import Sut
from benchmark_lab.conformance.visible import resident_bytes

from .postgres import private_postgres
from .reference import Reference, Settings
from .serving import serve
from .upstream import FakeUpstream

Start = Callable[[type[Reference]], Sut]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    upstream = FakeUpstream()
    log = tmp_path_factory.mktemp("reference") / "server.log"
    log.touch()
    with private_postgres() as database_url, serve(upstream) as upstream_url:
        yield Settings(
            database_url=database_url,
            upstream_url=upstream_url,
            jwt_secret=secrets.token_hex(32),
            jwt_audience="benchmark-lab-test",
            middleware_depth=3,
            log=log,
        )
        upstream.closing.set()


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Starts servers in this process; returns where they are."""
    with ExitStack() as stack:

        def start_one(implementation: type[Reference]) -> Sut:
            server = implementation(settings)
            stack.callback(server.close)
            return replace(target_of(settings), base_url=stack.enter_context(serve(server)))

        yield start_one


def target_of(settings: Settings) -> Sut:
    return Sut(
        base_url="",
        db_url=settings.database_url,
        upstream_url=settings.upstream_url,
        jwt_secret=settings.jwt_secret,
        jwt_audience=settings.jwt_audience,
        middleware_depth=settings.middleware_depth,
        server_log=partial(Path(settings.log).read_text, encoding="utf-8", errors="replace"),
        server_memory=partial(resident_bytes, os.getpid()),
    )
