"""Worker counts that depend on the CPUs: integers, `cpu`, `+ - * //` and parentheses, and nothing else."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

FEWEST_WORKERS = 1
MOST_WORKERS = 4096
_LONGEST = 60
_NOTATION = "must be a whole number or an expression such as 2*cpu+1 (integers, cpu, + - * // and parentheses)"


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; equal where its text is."""

    text: str
    _tree: ast.expr = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Read an expression; ValueError says what it must be."""
        try:
            tree = ast.parse(text, mode="eval").body if len(text) <= _LONGEST else None
        except (SyntaxError, ValueError):
            tree = None
        if tree is None or not _is_arithmetic(tree):
            raise ValueError(_NOTATION)
        return cls(text, tree)

    def evaluate(self, cpu: int) -> int | None:
        """Return the value for a number of CPUs; None where it divides by zero."""
        try:
            return _evaluate(self._tree, cpu)
        except ZeroDivisionError:
            return None


def _is_arithmetic(tree: ast.expr) -> bool:
    match tree:
        case ast.Constant(value):
            return type(value) is int
        case ast.Name(name):
            return name == "cpu"
        case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv(), right):
            return _is_arithmetic(left) and _is_arithmetic(right)
        case _:
            return False


def _evaluate(tree: ast.expr, cpu: int) -> int:
    match tree:
        case ast.Constant(int(value)):
            return value
        case ast.BinOp(left, operator, right):
            a, b = _evaluate(left, cpu), _evaluate(right, cpu)
            match operator:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case _:
                    return a // b
        case _:
            return cpu


def read_expression(value: object) -> Expression:
    """Read what stands in YAML: a whole number or a text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(_NOTATION)  # noqa: TRY004  # pydantic's way to refuse
    if isinstance(value, int) and not FEWEST_WORKERS <= value <= MOST_WORKERS:
        raise ValueError(f"must be {FEWEST_WORKERS} to {MOST_WORKERS}")
    return Expression.parse(str(value))


EXPRESSION_SCHEMAS = (
    {"type": "integer", "minimum": FEWEST_WORKERS, "maximum": MOST_WORKERS},
    {"type": "string", "pattern": "^[0-9cpu+*/() -]+$"},
)
"""What editors accept: a number or something that looks like an expression."""
WorkersExpression = Annotated[
    Expression, PlainValidator(read_expression), WithJsonSchema({"anyOf": list(EXPRESSION_SCHEMAS)})
]
