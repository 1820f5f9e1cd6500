"""Rents hosts for a run: looks ahead, makes hosts with Terraform, reaches hosts over SSH, removes hosts afterwards."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmark_lab.bundle import Part, TerraformVariables
from benchmark_lab.hosts import ssh
from benchmark_lab.hosts.inventory import Inventory, InventoryHost, Lane, Login
from benchmark_lab.hosts.prepared import HostRequest, Hosts
from benchmark_lab.hosts.ssh.access import Access
from benchmark_lab.hosts.ssh.key import new_key
from benchmark_lab.machine import folders
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.store.bundles import read_variables
from benchmark_lab.targets import Cost, Driver
from benchmark_lab.targets.aws_ec2 import rented
from benchmark_lab.targets.aws_ec2.account import connect
from benchmark_lab.targets.aws_ec2.caller import caller_address
from benchmark_lab.targets.aws_ec2.images import LOCK, pin, read_lock
from benchmark_lab.targets.aws_ec2.preflight import Ready, look_ahead
from benchmark_lab.targets.aws_ec2.terraform import terraform_program

BUCKET = "LAB_STATE_BUCKET"
"""Environment variable that names the S3 bucket where Terraform is to keep its state."""
METADATA = "169.254.169.254:80"
"""Address and port where a host on EC2 is told of itself."""
READY_TIMEOUT_S = 300.0
"""Seconds that a host has to boot and to be done with its first start."""
_LONGEST_NAME = 30
_DONE_BOOTING = "test ! -x /usr/bin/cloud-init || cloud-init status --wait >/dev/null"


class Rented(Part):
    """One rented host, as Terraform's output describes the host."""

    name: str
    id: str
    private_address: str
    public_address: str


class Outputs(Part):
    """Terraform's outputs, which describe what Terraform made."""

    hosts: dict[str, dict[str, tuple[Rented, ...]]]
    """Rented hosts by lane, and in each lane by role."""
    login: dict[str, str]
    spot: bool = False


def make_hosts(wanted: HostRequest, interrupts: Interrupts, progress: Progress) -> Sequence[Hosts]:
    """Rent hosts for one hardware value, lane by lane; nothing is installed on the hosts yet.

    Raises:
        ToolFailedError: if the account cannot give the hosts, or something failed; nothing is left of what was made.
        ResourcesRemainError: if something is left of what was made.
    """
    variables = _variables(wanted)
    account = connect(variables.region)
    pinned = read_lock(wanted.bundle.files / LOCK).images.get(variables.region, {})
    progress.step(f"Look ahead in account {account.id}, {variables.region}")
    ready = look_ahead(account, variables, pinned, progress.say)
    caller = caller_address(wanted.caller.environment)
    if pin(wanted.caller.project / LOCK, variables.region, ready.images):
        progress.say(f"The image is pinned in {LOCK}: commit it, so that the next run has the same.")
    folders.new_state(wanted.state, wanted.mark)
    try:
        folder, record = _laid_out(wanted, variables)
        authorized = new_key(folder / "id_ed25519", f"benchmark-lab {record.run}", wanted.tools)
        host_key = new_key(folder / "host_key", f"host of {record.run}", wanted.tools)
        known = {
            "run": record.run,
            "owner": account.owner,
            "expires_at": record.expires_at,
            "caller_cidr": f"{caller}/32",
            "public_key": authorized,
            "host_key": {"private": (folder / "host_key").read_text(encoding="utf-8"), "public": host_key},
            "zone": {"id": ready.zone.id, "name": ready.zone.name},
            "images": ready.images,
            "role_boundary": ready.role_boundary,
            "hardware": variables.model_dump()["hardware"],
        }
        (folder / record.root / "run.auto.tfvars.json").write_text(json.dumps(known), encoding="utf-8")
    except BaseException:
        folders.remove_state(wanted.state)
        raise
    log = wanted.logs / "terraform.log"
    terraform = rented.terraform_in(folder, record, wanted.caller.environment, log=log, on_step=progress.step)
    cloud = rented.Aws(variables.region, progress.say)

    def remove() -> None:
        progress.say("Removing the rented hosts.")
        rented.end(folder, record, terraform, cloud, progress.say)

    try:
        terraform.init()
        terraform.plan()
        progress.say(f"Renting hosts in {ready.zone.id} until {record.expires_at} at the latest.")
        terraform.apply()
        outputs = Outputs.model_validate(terraform.outputs())
        inventory = _inventory(outputs, folder, host_key)
        progress.step("Wait until the hosts answer over SSH")
        _wait(inventory, folder, wanted.tools)
        lanes = ssh.make_hosts(wanted, inventory, remove, METADATA if outputs.spot else "")
        for hosts, of_lane in zip(lanes, outputs.hosts.values(), strict=True):
            described = _described(of_lane, variables, ready, spot=outputs.spot)
            # Of the identity as well: hosts that are rented anew are others, however alike.
            hosts.machine = hosts.identity = {**hosts.machine, **described}
    except BaseException as error:
        with interrupts.shielded("removing the rented hosts, for minutes"):
            try:
                remove()
            except ToolFailedError:
                progress.say(str(error))  # what went wrong first would be lost
                raise
            if wanted.state.exists():
                folders.remove_state(wanted.state)
        raise
    return lanes


def _variables(wanted: HostRequest) -> TerraformVariables:
    """Return Terraform's variables as the compiler wrote them, with the hosts of this hardware value alone."""
    variables = read_variables(wanted.bundle.folder)
    name = wanted.hardware.name
    return variables.model_copy(update={"hardware": {name: variables.hardware[name]}})


def _laid_out(wanted: HostRequest, variables: TerraformVariables) -> tuple[Path, rented.Record]:
    """Copy Terraform's root and modules for the run, and save the record by which `lab` finds the copy again.

    Return the folder of the copy, and the record.
    """
    folder, root = wanted.state / rented.FOLDER, wanted.bundle.experiment.target
    folder.mkdir(mode=0o700)
    expires_at = datetime.now(UTC) + timedelta(hours=variables.hours)
    record = rented.Record(
        bucket=wanted.caller.environment.get(BUCKET),
        run=run_name(wanted.state.name),
        region=variables.region,
        root=root,
        expires_at=f"{expires_at:%Y-%m-%dT%H:%M:%SZ}",
    )
    rented.save(record, folder)
    for part in ("modules", root):
        shutil.copytree(wanted.bundle.files / "infra" / part, folder / part)
    shutil.copy(wanted.bundle.folder / "terraform.tfvars.json", folder / root)
    if record.bucket:
        shutil.copy(folder / root / "s3.backend.tf.example", folder / root / "backend.tf")
    return folder, record


def run_name(name: str) -> str:
    """Return a run's name in the form of names and tags on AWS.

    A long name keeps its end, since the end tells runs apart.
    """
    return re.sub(r"[^a-z0-9-]", "-", name.lower())[-_LONGEST_NAME:].lstrip("-")


def ended_runs(results: Path) -> frozenset[str]:
    """Return the names of this machine's runs that are over, in the form of tags on AWS."""
    going_on = {folder.name for folder in folders.run_states().glob("*/") if folders.is_controlled(folder)}
    runs = (f"{folder.parent.name}-{'-'.join(folder.name.rsplit('-', 2)[-2:])}" for folder in results.glob("*/*/"))
    return frozenset(run_name(name) for name in runs if name not in going_on)


def _inventory(outputs: Outputs, folder: Path, host_key: str) -> Inventory:
    """Write the known hosts, and return the inventory of the rented hosts with how to log in.

    SSH knows the hosts by the key that `lab` gave them, and by no other key.
    """

    def listed(role: str, hosts: tuple[Rented, ...]) -> tuple[InventoryHost, ...]:
        return tuple(
            InventoryHost(
                name=host.name, address=host.private_address, ssh_address=host.public_address, user=outputs.login[role]
            )
            for host in hosts
        )

    lanes = tuple(
        Lane(**{role: listed(role, hosts) for role, hosts in roles.items()}) for roles in outputs.hosts.values()
    )
    trusted = " ".join(host_key.split()[:2])
    addresses = {host.ssh_address for lane in lanes for host in lane.hosts()}
    known_hosts = folder / "known_hosts"
    known_hosts.write_text("".join(f"{address} {trusted}\n" for address in sorted(filter(None, addresses))))
    return Inventory(ssh=Login(key=str(folder / "id_ed25519"), known_hosts=str(known_hosts)), lanes=lanes)


def _wait(inventory: Inventory, folder: Path, tools: Tools) -> None:
    """Wait until each host answers, and has done what a host does at its first start.

    Raises:
        ToolFailedError: if a host is not ready in time.
    """
    deadline = time.monotonic() + READY_TIMEOUT_S
    for lane in inventory.lanes:
        for host in lane.hosts():
            access = Access(host, inventory.ssh, folder / "s")
            while (done := tools.run(access.asking(_DONE_BOOTING), timeout_s=READY_TIMEOUT_S)).status != 0:
                if time.monotonic() > deadline:
                    raise ToolFailedError(
                        f"{access.described} does not answer over SSH after {READY_TIMEOUT_S:g} s", output=done.stderr
                    )
                time.sleep(1)


def _described(
    lane: Mapping[str, Sequence[Rented]], variables: TerraformVariables, ready: Ready, *, spot: bool
) -> dict[str, str]:
    """Return a description of what was rented, for the provenance."""
    types: Mapping[str, str] = {
        role: hosts.type for roles in variables.hardware.values() for role, hosts in roles.items()
    }
    hosts = {
        f"instance of {host.name}": f"{host.id}, {types[role]}" for role, of_role in lane.items() for host in of_role
    }
    images = {f"image for {architecture}": image for architecture, image in ready.images.items()}
    where = {"region": variables.region, "availability zone": ready.zone.id}
    return {**hosts, **images, **where, "market": "spot" if spot else "on demand"}


class AwsEc2:
    """The driver that rents hosts from Amazon EC2 for a run."""

    cost: Cost = "rented"

    def needs(self, environment: Mapping[str, str]) -> list[str]:
        """Say which programs this machine lacks for the driver; return an empty list if it lacks none."""
        terraform = terraform_program(environment)
        uses = {
            terraform: "Terraform 1.10 or later, or OpenTofu with LAB_TERRAFORM=tofu",
            "ssh": "Debian package openssh-client",
            "ssh-keygen": "Debian package openssh-client",
        }
        path = environment.get("PATH")
        return [f"`{name}` ({source})" for name, source in uses.items() if not shutil.which(name, path=path)]

    def make_hosts(self, wanted: HostRequest, interrupts: Interrupts, progress: Progress) -> Sequence[Hosts]:
        """Rent hosts for a run; the hosts go with the run."""
        return make_hosts(wanted, interrupts, progress)

    def remove_leftovers(
        self, state: Path, tools: Tools, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> bool:
        """Remove the hosts that were rented for a run; return False if the run rented no hosts."""
        del tools
        return rented.destroy_leftover(state, environment, say)


DRIVER: Driver = AwsEc2()
