"""Draws requests for an operation from the OpenAPI document with schemathesis: valid ones, and ones broken anywhere."""

from __future__ import annotations

import functools
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemathesis.specs.openapi.schemas import OpenApiCase

# A longer request line some servers refuse by themselves, which is theirs to decide.
_LONGEST_TARGET = 4_000
# Hypothesis seeds the random numbers of the whole process while it draws.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Drawn:
    """One request."""

    target: str
    """Path and query, as sent."""
    headers: Mapping[str, str]
    content: bytes | None


@functools.cache
def draw(openapi: str, path: str, method: str, *, seed: int, of_each: int) -> tuple[Drawn, ...]:
    """At most so many requests that the document allows, and as many that are broken somewhere; the same by one seed.

    Computes for up to a second, and three the first time: call it in a thread. They are kept, for the next server.
    """
    # Imported here, since it takes longer than the rest of `lab`, and the gate needs none of it.
    import hypothesis  # noqa: PLC0415
    import schemathesis  # noqa: PLC0415
    from hypothesis.configuration import set_hypothesis_home_dir  # noqa: PLC0415
    from schemathesis.config import GenerationConfig  # noqa: PLC0415

    # With a configuration of its own, none is looked for in the working folder.
    schema = schemathesis.openapi.from_file(openapi, config=schemathesis.Config())
    # Without a codec all of Unicode but lone surrogates is drawn, as with UTF-8, which takes seconds to go through.
    schema.config.generation = GenerationConfig(codec=None, with_security_parameters=False)
    settings = hypothesis.settings(
        max_examples=of_each,
        phases=[hypothesis.Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    cases: list[OpenApiCase] = []

    def keep(case: OpenApiCase) -> None:
        cases.append(case)

    with _ONE_AT_A_TIME, tempfile.TemporaryDirectory() as home:
        set_hypothesis_home_dir(home)
        try:
            for mode in schemathesis.GenerationMode:
                strategy = schema[path][method].as_strategy(generation_mode=mode)
                hypothesis.seed(seed)(settings(hypothesis.given(strategy)(keep)))()
        finally:
            set_hypothesis_home_dir(None)
    return tuple(drawn for case in cases if len((drawn := _encoded(case)).target) <= _LONGEST_TARGET)


def _encoded(case: OpenApiCase) -> Drawn:
    import requests  # noqa: PLC0415 -- whose arguments schemathesis makes

    request = requests.Request(**case.as_transport_kwargs(base_url="http://server")).prepare()
    declared = {"content-type", *(header.name.lower() for header in case.operation.headers)}
    match request.body:
        case str() as text:
            content: bytes | None = text.encode()
        case bytes() as content:
            pass
        case _:
            content = b"" if case.operation.body else None
    return Drawn(
        target=request.path_url,
        headers={name: str(value) for name, value in request.headers.items() if name.lower() in declared},
        content=content,
    )
