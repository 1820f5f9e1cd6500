"""GET /protected: who may pass, in which order it is decided, and what the answer says."""

from __future__ import annotations

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import Client, Query, together
from benchmark_lab.conformance.response import Response

_PARALLEL = 16


@check("protected")
async def protected(client: Client) -> None:
    """Different subjects at once, and every boundary of the query."""
    await together(_require_granted(client, {"q": f"find {n}"}, f"user-{n}") for n in range(_PARALLEL))
    for parameter in client.contract.operations["getProtected"].parameters_in("query"):
        for case in client.inputs.parameter_edges(parameter):
            await _require_granted(client, {"q": "x"} | {parameter.name: str(case.value)}, "conformance")


@check("protected-unauthorized")
async def protected_unauthorized(client: Client) -> None:
    """Every bad token, with a valid query and with none: the token is checked first."""
    queries: tuple[Query, ...] = ({"q": "x"}, {"page": 0})
    for what, headers in client.tokens.refused():
        for query in queries:
            await client.call("getProtected", query=query, headers=headers, expect=401, because=what)


@check("protected-forbidden")
async def protected_forbidden(client: Client) -> None:
    """Every token without the scope, with a valid query and with none: the scope is checked before the query."""
    queries: tuple[Query, ...] = ({"q": "x"}, {"page": 0})
    for what, headers in client.tokens.without_scope():
        for query in queries:
            await client.call("getProtected", query=query, headers=headers, expect=403, because=what)


@check("protected-validation")
async def protected_validation(client: Client) -> None:
    """Every rule of the query broken."""
    for parameter in client.contract.operations["getProtected"].parameters_in("query"):
        for case in client.some(client.inputs.parameter_violations(parameter)):
            others: Query = {} if parameter.name == "q" else {"q": "x"}
            query = others if case.value is None else {**others, parameter.name: str(case.value)}
            await client.call(
                "getProtected", query=query, headers=client.tokens.header(), expect=422, because=str(case)
            )


@check("middleware-chain")
async def middleware_chain(client: Client) -> None:
    """The whole chain, outermost first, and none of it shared between requests."""
    chain = list(range(1, client.target.middleware_depth + 1))
    for response in await together(_granted(client) for _ in range(_PARALLEL)):
        response.require(chain, response.members["middlewares"], "middlewares")


async def _granted(client: Client) -> Response:
    return await client.call("getProtected", query={"q": "x"}, headers=client.tokens.header(), expect=200)


async def _require_granted(client: Client, query: Query, subject: str) -> None:
    response = await client.call("getProtected", query=query, headers=client.tokens.header(sub=subject), expect=200)
    expected = [subject, query["q"], int(query.get("page", 1))]
    response.require(expected, [response.members[name] for name in ("subject", "q", "page")], "subject, q and page")
