"""Where the wrong servers are gathered."""

from collections.abc import Callable

from .reference import Reference

MUTANTS: list[tuple[str, type[Reference]]] = []
"""Each with the check that has to find it."""


def caught_by(check: str) -> Callable[[type[Reference]], type[Reference]]:
    def add(mutant: type[Reference]) -> type[Reference]:
        MUTANTS.append((check, mutant))
        return mutant

    return add
