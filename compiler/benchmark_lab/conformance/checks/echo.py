"""POST /echo."""

from __future__ import annotations

import math

from pydantic import BaseModel, JsonValue

from benchmark_lab.conformance.answer import as_json
from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.schema import members
from benchmark_lab.conformance.session import Session, together

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
async def echo(session: Session) -> None:
    """Random items at once, each request with its own; then every boundary of an item."""
    schema = session.contract.body("postEcho")
    bodies = [session.inputs.members(schema) for _ in range(_PARALLEL)]
    await together(_require_echo(session, body, "valid items") for body in bodies)
    for case in session.some(session.inputs.edges(schema)):
        await _require_echo(session, members(case.value), str(case))


@check("echo-validation")
async def echo_validation(session: Session) -> None:
    """Every rule of EchoRequest broken, one at a time."""
    for case in session.invalid_bodies("postEcho"):
        await session.call("postEcho", body=as_json(case.value), expect=422, because=str(case))


async def _require_echo(session: Session, body: dict[str, JsonValue], because: str) -> None:
    answer = await session.call("postEcho", body=as_json(body), expect=200, because=because)
    items = Echo.model_validate(body).items
    expected = math.fsum(item.price * item.quantity for item in items)
    total = answer.read(Echo).total
    if not math.isclose(total, expected, rel_tol=_RELATIVE_ERROR):
        raise MismatchError(f"total {expected!r}", repr(total), answer.sent)
    answer.require_body(body | {"count": len(items), "total": total})
