"""An inventory: hosts that are there already, by lane and role, and how to log in; people write it, tools make it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$", max_length=63)]
Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")]
"""A name or an IPv4 address."""
LoginName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]*$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Listed(BaseModel):
    """A mapping of the file: an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class Login(_Listed):
    """How to log in where a host says nothing else."""

    user: LoginName = "root"
    port: Port = 22
    key: str | None = None
    """Path of the private key; without one the SSH agent is asked."""
    known_hosts: str
    """Path of the file with the hosts' public keys: no other host is trusted."""


class InventoryHost(_Listed):
    """One machine."""

    name: Name
    address: Address
    """Where the other hosts reach it, and SSH too unless `ssh_address` says otherwise."""
    ssh_address: Address | None = None
    port: Port | None = None
    user: LoginName | None = None


class Lane(_Listed):
    """One set of hosts."""

    sut: Annotated[tuple[InventoryHost, ...], Field(min_length=1)]
    """The system under test."""
    load: Annotated[tuple[InventoryHost, ...], Field(min_length=1)]
    """Where k6 runs."""
    db: Annotated[tuple[InventoryHost, ...], Field(min_length=1)]
    """PostgreSQL, and the upstream beside it."""

    def hosts(self) -> Iterator[InventoryHost]:
        """All of them."""
        yield from (*self.sut, *self.load, *self.db)


class Inventory(_Listed):
    """The whole file."""

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    ssh: Login
    lanes: Annotated[tuple[Lane, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_host_is_one_machine(self) -> Inventory:
        hosts = [host for lane in self.lanes for host in lane.hosts()]
        for what, values in (("name", [host.name for host in hosts]), ("address", [host.address for host in hosts])):
            twice = [value for value, count in Counter(values).items() if count > 1]
            if twice:
                msg = f"has the {what} `{twice[0]}` twice: each host is a machine of its own"
                raise ValueError(msg)
        return self
