"""Records on this machine what is known of the hosts that Terraform made for a run, and removes the hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmark_lab.bundle import StoredFile
from benchmark_lab.machine import folders
from benchmark_lab.machine.process import interrupt_in
from benchmark_lab.machine.tools import ResourcesRemainError, ToolFailedError
from benchmark_lab.store.bundles import read_stored, write_atomically
from benchmark_lab.targets.aws_ec2.account import connect
from benchmark_lab.targets.aws_ec2.sweep import Leftover, Patience, remove_and_look
from benchmark_lab.targets.aws_ec2.tagged import find
from benchmark_lab.targets.aws_ec2.terraform import PLAN, Terraform, TerraformProgram

FOLDER = "terraform"
"""Name of the folder in the state of a run that rents hosts; the folder is private, since keys lie in it."""
RECORD = "rented.json"
ATTEMPTS = 3
"""Number of attempts to destroy hosts: AWS allows a little later much of what AWS refuses at first."""


class Record(StoredFile):
    """Contents of `rented.json`: what `lab` needs to find and remove everything that was rented for a run."""

    run: str
    """Value of the tag `lab:run` on the run's resources."""
    region: str
    root: str
    """Name of the folder of Terraform's root, beside the folder of the modules."""
    expires_at: str
    bucket: str | None = None
    """S3 bucket where Terraform keeps the state; None if the state is in the run's folder."""

    @property
    def backend(self) -> dict[str, str]:
        """Return the settings of Terraform's backend; return an empty mapping if the state is in the run's folder."""
        return {"bucket": self.bucket, "key": f"lab/{self.run}", "region": self.region} if self.bucket else {}


class Cloud(Protocol):
    """The cloud where hosts are rented, as `lab` asks the cloud beside Terraform."""

    def clear(self, run: str) -> None:
        """Remove what carries the run's tag, until several listings in a row are empty.

        Raises:
            ResourcesRemainError: if resources are left; the error lists the resources.
            ToolFailedError: if `lab` cannot find out which resources are left.
        """


@dataclass(frozen=True, slots=True)
class Aws:
    """The real cloud: AWS in one region."""

    region: str
    say: Callable[[str], None]

    def clear(self, run: str) -> None:
        """Remove what carries the run's tag, until several listings in a row are empty."""
        account = connect(self.region)

        def look() -> list[Leftover]:
            return [Leftover(each, "its run is over") for each in find(account, run)]

        remove_and_look(account, look, self.say, patience=Patience())


def terraform_in(
    folder: Path, record: Record, environment: Mapping[str, str], *, log: Path, on_step: Callable[[str], None]
) -> TerraformProgram:
    """Return Terraform for a run's folder."""
    cache = folders.cache_root(environment) / "terraform"
    return TerraformProgram(
        folder / record.root, environment, backend=record.backend, cache=cache, log=log, on_step=on_step
    )


def save(record: Record, folder: Path) -> None:
    """Write the record of a run's rented hosts into a folder."""
    write_atomically(folder / RECORD, record.model_dump_json(indent=1) + "\n")


def destroy_leftover(state: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> bool:
    """Remove the hosts of a run whose `lab` was killed; callers may repeat the removal.

    Return False for a run that rents no hosts.

    Raises:
        ResourcesRemainError: if resources are left; the error lists the resources, and says how to remove them.
    """
    folder = state / FOLDER
    if not folder.exists():
        return False
    if not (folder / RECORD).exists():
        return True  # it was killed before it rented anything
    record = read_stored(folder / RECORD, Record)
    terraform = terraform_in(folder, record, environment, log=folder / "terraform.log", on_step=lambda _: None)
    end(folder, record, terraform, Aws(record.region, say), say)
    return True


def end(folder: Path, record: Record, terraform: Terraform, cloud: Cloud, say: Callable[[str], None]) -> None:
    """Remove everything that was made for a run, and check that nothing is left.

    If a Terraform still works for the run, `lab` interrupts that Terraform once, and waits for its end.

    Raises:
        ResourcesRemainError: if resources are left; the error lists the resources, and says how to remove them.
    """
    interrupt_in(folder / record.root)
    if not (folder / record.root / PLAN).exists():
        return  # nothing was ever applied
    problems = _destroyed(terraform, say)
    remaining: tuple[str, ...] = ()
    try:
        cloud.clear(record.run)
        # What was found by its tag and removed is still in Terraform's state; it sees that it is gone.
        if terraform.known():
            problems = _destroyed(terraform, say)
        remaining = terraform.known()
    except ToolFailedError as error:
        problems.append(str(error))
        with suppress(ToolFailedError):  # it may be kept where nothing can be reached now
            remaining = terraform.known()
    else:
        if not remaining:
            return
    left = "".join(f"\n  {each}" for each in remaining)
    raise ResourcesRemainError(
        f"what was rented for run {record.run} could not be removed, or not be seen to be gone{left}",
        output="\n".join(problems[-1:]),
        next_step=(
            "the next `lab` command tries again, and so does `lab sweep --yes`; by hand: "
            f"cd {folder / record.root} && terraform destroy\n"
            f"Hosts that are left end themselves at {record.expires_at}."
        ),
    )


def _destroyed(terraform: Terraform, say: Callable[[str], None]) -> list[str]:
    """Destroy what Terraform made, and try again after a failure.

    Return why each attempt failed; return an empty list once an attempt succeeds.
    """
    problems: list[str] = []
    for attempt in range(1, ATTEMPTS + 1):
        try:
            terraform.destroy()
        except ToolFailedError as error:
            problems.append(str(error))
            say(f"Removing the hosts failed (attempt {attempt} of {ATTEMPTS}). {error}")
        else:
            return []
    return problems
