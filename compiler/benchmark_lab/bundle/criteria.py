"""Statements that must hold for an experiment to succeed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark_lab.bundle.file import Part, Scalar


class LiteralNumber(Part):
    """A literal of a criterion."""

    kind: Literal["number"] = "number"
    value: float


class MetricRef(Part):
    """The median of a metric over the cells that `where` selects."""

    kind: Literal["metric"] = "metric"
    name: str
    where: dict[str, Scalar]


class Arithmetic(Part):
    """Two operands of a criterion, joined."""

    kind: Literal["arithmetic"] = "arithmetic"
    operator: Literal["+", "-", "*", "/"]
    left: Operand
    right: Operand


Operand = Annotated[LiteralNumber | MetricRef | Arithmetic, Field(discriminator="kind")]


class Criterion(Part):
    """A statement that must hold for the experiment to succeed; `text` is what the user wrote."""

    text: str
    operator: Literal["<", "<=", ">", ">="]
    left: Operand
    right: Operand
