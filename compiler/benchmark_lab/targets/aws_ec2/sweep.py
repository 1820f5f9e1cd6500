"""Finds tagged resources that outlived their time or their run, removes these resources, and proves them gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmark_lab.machine.tools import ResourcesRemainError
from benchmark_lab.targets.aws_ec2.account import Account
from benchmark_lab.targets.aws_ec2.removal import remove
from benchmark_lab.targets.aws_ec2.tagged import Tagged, find

EMPTY_LISTINGS = 3
"""Number of empty listings in a row that `lab` waits for, since AWS shows what AWS did a little late."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A resource that should not be there any more, and the reason."""

    resource: Tagged
    reason: str

    def __str__(self) -> str:
        return f"{self.resource}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Patience:
    """Time that AWS is given to show what AWS did: the number of listings, and the seconds between two listings."""

    pause_s: float = 2.0
    listings: int = 30


def leftovers(account: Account, now: datetime, ended: Collection[str]) -> list[Leftover]:
    """Find the caller's own resources that outlived their time or their run.

    Args:
        account: the account to look in; `lab` leaves alone what others own in the account.
        now: the current time.
        ended: the runs that are known to be over; runs of other machines are not known to be over.
    """
    return list(outlived(find(account), account.owner, now, ended))


def outlived(resources: Iterable[Tagged], owner: str, now: datetime, ended: Collection[str]) -> Iterator[Leftover]:
    """Yield the owner's resources that outlived their time or their run."""
    for each in resources:
        if each.owner != owner:
            continue
        if each.expires_at is not None and each.expires_at < now:
            yield Leftover(each, f"expired at {each.expires_at:%Y-%m-%d %H:%M} UTC")
        elif each.run in ended:
            yield Leftover(each, "its run is over")


def remove_and_look(
    account: Account,
    look: Callable[[], Sequence[Leftover]],
    say: Callable[[str], None],
    *,
    patience: Patience,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Remove what `look` finds, until `look` finds nothing several times in a row.

    Raises:
        ResourcesRemainError: if `look` finds resources to the end; the error lists them, and says how to remove them.
    """
    empty = 0
    found: Sequence[Leftover] = ()
    for number in range(patience.listings):
        if number:
            pause(patience.pause_s)
        found = look()
        if found:
            empty = 0
            remove(account, [left.resource for left in found], say)
        else:
            empty += 1
        if empty == EMPTY_LISTINGS:
            return
    left = "".join(f"\n  {each}" for each in found)
    raise ResourcesRemainError(
        f"resources remain in {account.region} of account {account.id}:{left}",
        next_step="`lab sweep --yes` tries again; hosts end themselves when their tag `lab:expires-at` says",
    )
