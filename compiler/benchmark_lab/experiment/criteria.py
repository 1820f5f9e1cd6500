"""The `criteria` key: a comparison of metrics, written like arithmetic, to a Criterion."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from math import isfinite
from typing import Annotated, Literal

from pydantic import PlainValidator, WithJsonSchema

from benchmark_lab.bundle import Arithmetic, Criterion, LiteralNumber, MetricRef, Operand, Scalar
from benchmark_lab.diagnostics import nearest
from benchmark_lab.judge.metrics import METRICS
from benchmark_lab.source.core_schema import plain_value

_LONGEST = 300
_EXAMPLE = "such as throughput_rps(workers=4) >= 1.5 * throughput_rps(workers=1)"
# Names hold dashes (`go-fiber`) and start with digits (`03-db-read`), so bare values are quoted for Python's parser.
_BARE_VALUE = re.compile(r"""(?<![<>=!])=\s*([^\s,()"'=]+)""")


def read_criterion(value: object) -> Criterion:
    """Read one criterion; ValueError says what it must be."""
    text = value if isinstance(value, str) else ""
    try:
        tree = ast.parse(_BARE_VALUE.sub(r'="\1"', text), mode="eval").body if len(text) <= _LONGEST else None
    except (SyntaxError, ValueError):
        tree = None
    match tree:
        case ast.Compare(left, [operator], [right]):
            return Criterion(text=text, operator=_comparison(operator), left=_operand(left), right=_operand(right))
        case ast.Compare():
            raise ValueError("must have one comparison: write two criteria")
        case _:
            raise ValueError(f"must be a comparison of metrics, {_EXAMPLE}")


def _comparison(operator: ast.cmpop) -> Literal["<", "<=", ">", ">="]:
    match operator:
        case ast.Lt():
            return "<"
        case ast.LtE():
            return "<="
        case ast.Gt():
            return ">"
        case ast.GtE():
            return ">="
        case _:
            raise ValueError("must compare with <, <=, > or >=: measured values are never quite equal")


def _operand(tree: ast.expr) -> Operand:
    match tree:
        case ast.Constant(int() | float() as value) if not isinstance(value, bool) and isfinite(value):
            return LiteralNumber(value=value)
        case ast.BinOp(left, operator, right):
            return Arithmetic(operator=_arithmetic(operator), left=_operand(left), right=_operand(right))
        case ast.Call(ast.Name(name), [], keywords):
            return MetricRef(name=_metric(name), where=dict(map(_condition, keywords)))
        case ast.Name(name):
            return MetricRef(name=_metric(name), where={})
        case _:
            raise ValueError(f"must be made of metrics, numbers and + - * /, {_EXAMPLE}")


def _arithmetic(operator: ast.operator) -> Literal["+", "-", "*", "/"]:
    match operator:
        case ast.Add():
            return "+"
        case ast.Sub():
            return "-"
        case ast.Mult():
            return "*"
        case ast.Div():
            return "/"
        case _:
            raise ValueError("must be made of metrics, numbers and + - * /")


def _metric(name: str) -> str:
    if name not in METRICS:
        advice = nearest(name, METRICS) or f"metrics: {', '.join(METRICS)}"
        raise ValueError(f"must name known metrics, and `{name}` is none: {advice}")
    return name


def _condition(keyword: ast.keyword) -> tuple[str, Scalar]:
    match keyword:
        case ast.keyword(str(axis), ast.Constant(str(value))):
            return axis, plain_value(value)
        case _:
            raise ValueError(f"must select cells by axis=value, {_EXAMPLE}")


def metrics_of(operand: Operand) -> Iterator[MetricRef]:
    """Yield the metrics that an operand speaks of."""
    match operand:
        case MetricRef():
            yield operand
        case Arithmetic(left=left, right=right):
            yield from metrics_of(left)
            yield from metrics_of(right)
        case LiteralNumber():
            pass


CriterionText = Annotated[Criterion, PlainValidator(read_criterion), WithJsonSchema({"type": "string"})]
