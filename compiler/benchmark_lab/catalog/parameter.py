"""A parameter that a manifest declares: what values it takes, and where they land."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from benchmark_lab.bundle import Scalar
from benchmark_lab.source.shape import PlainNumber, PlainScalar, VariableName, Written

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "string": ((str,), "a text"),
    "boolean": ((bool,), "true or false"),
}


class Binding(Written):
    """Where a value lands: exactly one place."""

    env: VariableName | None = None
    """A variable of the server's environment."""
    k6_env: VariableName | None = None
    """A variable of k6's environment."""
    argument: tuple[str, ...] | None = None
    """Arguments added to the server's command; `{value}` is the value."""
    upstream: Literal["latency_ms", "distribution", "sigma", "failure_rate"] | None = None
    """A setting of the upstream."""
    tfvar: VariableName | None = None
    """A variable of the target's Terraform root."""

    @model_validator(mode="after")
    def _lands_once(self) -> Self:
        places = (self.env, self.k6_env, self.argument, self.upstream, self.tfvar)
        if sum(place is not None for place in places) != 1:
            raise ValueError("must have exactly one of env, k6_env, argument, upstream and tfvar")
        return self


class Parameter(Written):
    """A knob of an implementation or a scenario, which an experiment may turn into an axis."""

    type: Literal["integer", "number", "string", "boolean"]
    unit: str = ""
    """What the number counts or measures, in the plural."""
    description: str
    """One sentence for the person who chooses a value."""
    default: PlainScalar
    min: PlainNumber | None = None
    max: PlainNumber | None = None
    values: tuple[PlainScalar, ...] = ()
    """The closed list of choices; empty where any value of the type goes."""
    bind: Binding

    @model_validator(mode="after")
    def _default_is_allowed(self) -> Self:
        if problem := self.problem(self.default):
            raise ValueError(f"must have an allowed default: {self.default!r} {problem}")
        return self

    def problem(self, value: Scalar) -> str:
        """Say what `value` must be instead; empty where `value` is allowed."""
        kinds, name = _KINDS[self.type]
        if not isinstance(value, kinds) or (isinstance(value, bool) and self.type != "boolean"):
            return f"must be {name}"
        if self.values and value not in self.values:
            return f"must be one of {', '.join(map(text_of, self.values))}"
        if isinstance(value, int | float) and not self._bounds_allow(value):
            return f"must be {self.bounds}"
        return ""

    def _bounds_allow(self, value: float) -> bool:
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    @property
    def bounds(self) -> str:
        """Return the range in words, such as `1 to 100 users`."""
        match self.min, self.max:
            case None, None:
                words = "any number"
            case low, None:
                words = f"at least {low}"
            case None, high:
                words = f"at most {high}"
            case low, high:
                words = f"{low} to {high}"
        return f"{words} {self.unit}".rstrip()


def text_of(value: Scalar) -> str:
    """Write a value as environments, arguments and cell ids show it: `true`, `50`, `0.5`."""
    match value:
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
