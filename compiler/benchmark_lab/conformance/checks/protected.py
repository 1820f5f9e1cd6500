"""GET /protected: who may pass, in which order it is decided, and what the answer says."""

from __future__ import annotations

from benchmark_lab.conformance.answer import Answer
from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.session import Query, Session, together

_PARALLEL = 16


@check("protected")
async def protected(session: Session) -> None:
    """Different subjects at once, and every boundary of the query."""
    await together(_require_granted(session, {"q": f"find {n}"}, f"user-{n}") for n in range(_PARALLEL))
    for parameter in session.contract.operations["getProtected"].parameters_in("query"):
        for case in session.inputs.parameter_edges(parameter):
            await _require_granted(session, {"q": "x"} | {parameter.name: str(case.value)}, "conformance")


@check("protected-unauthorized")
async def protected_unauthorized(session: Session) -> None:
    """Every bad token, with a valid query and with none: the token is checked first."""
    queries: tuple[Query, ...] = ({"q": "x"}, {"page": 0})
    for what, headers in session.tokens.refused():
        for query in queries:
            await session.call("getProtected", query=query, headers=headers, expect=401, because=what)


@check("protected-forbidden")
async def protected_forbidden(session: Session) -> None:
    """Every token without the scope, with a valid query and with none: the scope is checked before the query."""
    queries: tuple[Query, ...] = ({"q": "x"}, {"page": 0})
    for what, headers in session.tokens.without_scope():
        for query in queries:
            await session.call("getProtected", query=query, headers=headers, expect=403, because=what)


@check("protected-validation")
async def protected_validation(session: Session) -> None:
    """Every rule of the query broken."""
    for parameter in session.contract.operations["getProtected"].parameters_in("query"):
        for case in session.some(session.inputs.parameter_violations(parameter)):
            others: Query = {} if parameter.name == "q" else {"q": "x"}
            query = others if case.value is None else {**others, parameter.name: str(case.value)}
            await session.call(
                "getProtected", query=query, headers=session.tokens.header(), expect=422, because=str(case)
            )


@check("middleware-chain")
async def middleware_chain(session: Session) -> None:
    """The whole chain, outermost first, and none of it shared between requests."""
    chain = list(range(1, session.target.middleware_depth + 1))
    for answer in await together(_granted(session) for _ in range(_PARALLEL)):
        answer.require(chain, answer.members["middlewares"], "middlewares")


async def _granted(session: Session) -> Answer:
    return await session.call("getProtected", query={"q": "x"}, headers=session.tokens.header(), expect=200)


async def _require_granted(session: Session, query: Query, subject: str) -> None:
    answer = await session.call("getProtected", query=query, headers=session.tokens.header(sub=subject), expect=200)
    expected = [subject, query["q"], int(query.get("page", 1))]
    answer.require(expected, [answer.members[name] for name in ("subject", "q", "page")], "subject, q and page")
