"""The API's operations in a bundle: all that the engine knows of the operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from benchmark_lab.bundle.file import Part

Service = Literal["database", "upstream"]
"""Service that a request may need beside the server."""


class BundledOperation(Part):
    """One operation of the API: what its requests need, add and send."""

    uses: tuple[Service, ...]
    """The services that each request needs; one that uses `upstream` calls it once."""
    effects: dict[str, int] = {}
    """The rows that a successful request adds to the database, by table."""
    uploads: bool = False
    """True if a request sends a file, which k6 holds in memory for each virtual user."""


def using(service: Service, operations: Mapping[str, BundledOperation]) -> tuple[str, ...]:
    """Return the ids of the operations that use a service."""
    return tuple(name for name, operation in operations.items() if service in operation.uses)
