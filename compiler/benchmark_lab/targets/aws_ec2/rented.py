"""Hosts that Terraform made for a run: what is known of them on this machine, and their end."""

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
"""In the state of a run that rents hosts; private, since keys lie in it."""
RECORD = "rented.json"
ATTEMPTS = 3
"""To destroy: much of what AWS refuses it allows a little later."""


class Record(StoredFile):
    """`rented.json`: what it takes to find and remove everything."""

    run: str
    """The value of the tag `lab:run`."""
    region: str
    root: str
    """The folder of Terraform's root beside the modules."""
    expires_at: str
    bucket: str | None = None
    """Where Terraform keeps the state, if not in the run's folder."""

    @property
    def backend(self) -> dict[str, str]:
        """Of Terraform; empty where the state is in the folder."""
        return {"bucket": self.bucket, "key": f"lab/{self.run}", "region": self.region} if self.bucket else {}


class Cloud(Protocol):
    """Where hosts are rented, beside Terraform."""

    def clear(self, run: str) -> None:
        """Remove what carries the run's tag, until several listings in a row are empty.

        Raises:
            ResourcesRemainError: with what is left.
            ToolFailedError: if that can't be found out.
        """


@dataclass(frozen=True, slots=True)
class Aws:
    """The real one."""

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
    """Terraform in a run's folder."""
    cache = folders.cache_root(environment) / "terraform"
    return TerraformProgram(
        folder / record.root, environment, backend=record.backend, cache=cache, log=log, on_step=on_step
    )


def save(record: Record, folder: Path) -> None:
    """Write the record."""
    write_atomically(folder / RECORD, record.model_dump_json(indent=1) + "\n")


def destroy_leftover(state: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> bool:
    """Remove the hosts of a run whose `lab` was killed; may be repeated. Return False for a run that rents none.

    Raises:
        ResourcesRemainError: with what is left, and how to remove it.
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
    """Remove everything that was made for a run, and look that nothing is left.

    A Terraform that still works for it is interrupted, once, and waited for.

    Raises:
        ResourcesRemainError: with what is left, and how to remove it.
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
    """Destroy, again where that fails; why it failed each time."""
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
