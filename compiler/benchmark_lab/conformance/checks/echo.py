"""POST /echo."""

from __future__ import annotations

import math

from pydantic import BaseModel, JsonValue

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import Client, together
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.response import as_json
from benchmark_lab.conformance.schema import members

_PARALLEL = 16
_RELATIVE_ERROR = 1e-9


class Item(BaseModel):
    """What an item costs."""

    price: float
    quantity: int


class Echo(BaseModel):
    """A request, or an answer, which also has a total."""

    items: list[Item]
    total: float = 0


@check("echo")
async def echo(client: Client) -> None:
    """Random items at once, each request with its own; then every boundary of an item."""
    schema = client.contract.body("postEcho")
    bodies = [client.inputs.members(schema) for _ in range(_PARALLEL)]
    await together(_require_echo(client, body, "valid items") for body in bodies)
    for case in client.some(client.inputs.edges(schema)):
        await _require_echo(client, members(case.value), str(case))


@check("echo-validation")
async def echo_validation(client: Client) -> None:
    """Every rule of EchoRequest broken, one at a time."""
    for case in client.invalid_bodies("postEcho"):
        await client.call("postEcho", body=as_json(case.value), expect=422, because=str(case))


async def _require_echo(client: Client, body: dict[str, JsonValue], because: str) -> None:
    response = await client.call("postEcho", body=as_json(body), expect=200, because=because)
    items = Echo.model_validate(body).items
    expected = math.fsum(item.price * item.quantity for item in items)
    total = response.read(Echo).total
    if not math.isclose(total, expected, rel_tol=_RELATIVE_ERROR):
        raise MismatchError(f"total {expected!r}", repr(total), response.sent)
    response.require_body(body | {"count": len(items), "total": total})
