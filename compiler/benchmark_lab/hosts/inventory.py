"""The inventory that people write or tools make: hosts that are there already, by lane and role, and how to log in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$", max_length=63)]
Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")]
"""A host's name or IPv4 address."""
LoginName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]*$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Listed(BaseModel):
    """A mapping of the inventory file, in which an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class Login(_Listed):
    """The login to hosts, which holds where a host says nothing else."""

    user: LoginName = "root"
    port: Port = 22
    key: str | None = None
    """Path of the private key; without a key, ssh asks the SSH agent."""
    known_hosts: str
    """Path of the file with the hosts' public keys; ssh trusts no other host."""


class InventoryHost(_Listed):
    """One machine of the inventory."""

    name: Name
    address: Address
    """Address at which the other hosts reach the host, and SSH too unless `ssh_address` says otherwise."""
    ssh_address: Address | None = None
    port: Port | None = None
    user: LoginName | None = None


class Lane(_Listed):
    """One set of hosts, by role."""

    sut: Annotated[tuple[InventoryHost, ...], Field(min_length=1)]
    """Hosts that run the system under test."""
    load: Annotated[tuple[InventoryHost, ...], Field(min_length=1)]
    """Hosts that run k6."""
    db: Annotated[tuple[InventoryHost, ...], Field(min_length=1)]
    """Hosts that run PostgreSQL, and the upstream beside PostgreSQL."""

    def hosts(self) -> Iterator[InventoryHost]:
        """Yield all hosts of the lane."""
        yield from (*self.sut, *self.load, *self.db)


class Inventory(_Listed):
    """The whole inventory file."""

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
