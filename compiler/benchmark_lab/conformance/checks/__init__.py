"""The checks, by route; a check is found by being defined in one of these modules."""

from benchmark_lab.conformance.check import Check
from benchmark_lab.conformance.checks import (
    echo,
    errors,
    external,
    generated,
    health,
    limits,
    protected,
    statements,
    trace,
    upload,
    users_read,
    users_write,
)

CHECKS: tuple[Check, ...] = tuple(
    member
    for module in (
        health,
        statements,
        errors,
        limits,
        echo,
        users_read,
        users_write,
        external,
        protected,
        trace,
        upload,
        generated,
    )
    for member in vars(module).values()
    if isinstance(member, Check)
)
