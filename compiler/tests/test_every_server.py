"""What `lab conformance` starts: every server of every implementation, with one worker and with several."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmark_lab.plan.every_server import UnknownPartError, plan_every_server
from tests.test_project import catalog


def test_every_server_of_every_implementation_is_planned_with_each_number_of_workers_that_it_can_run() -> None:
    cells = plan_every_server(catalog(), (), ()).cells
    planned = {(cell.implementation, cell.server, cell.workers) for cell in cells}
    wanted = {
        (name, server, workers)
        for name, implementation in catalog().implementations.items()
        for server, manifest in implementation.servers.items()
        for workers in (1, 4)
        if manifest.workers.allow(workers)
    }
    assert planned == wanted


def test_a_closed_choice_of_an_implementation_is_planned_in_each_way() -> None:
    cells = plan_every_server(catalog(), ["python-django"], ["gunicorn"]).cells
    ways = Counter((cell.parameters["data_access"], cell.workers) for cell in cells)
    assert ways == {("raw", 1): 1, ("raw", 4): 1, ("orm", 1): 1, ("orm", 4): 1}


def test_implementations_without_the_server_are_left_out() -> None:
    cells = plan_every_server(catalog(), (), ["prefork"]).cells
    assert {cell.implementation for cell in cells} == {"go-fiber"}


@pytest.mark.parametrize(
    ("names", "servers", "message"),
    [
        (["python-fastpi"], [], "there is no implementation `python-fastpi`\nhelp: did you mean `python-fastapi`?"),
        (["go-fiber"], ["gunicorn"], "there is no server `gunicorn`\nhelp: known: fiber, prefork"),
    ],
)
def test_an_unknown_name_is_refused(names: list[str], servers: list[str], message: str) -> None:
    with pytest.raises(UnknownPartError) as caught:
        plan_every_server(catalog(), names, servers)
    assert str(caught.value) == message
