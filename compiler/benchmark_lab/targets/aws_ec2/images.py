"""The image of each architecture: pinned in `lab.lock`, looked up once in Debian's public parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmark_lab.bundle import StoredFile
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.store.bundles import read_stored, write_atomically
from benchmark_lab.targets.aws_ec2.account import Account, asking

LOCK = "lab.lock"
PARAMETER = "/aws/service/debian/release/12/latest/{architecture}"


class Locked(StoredFile):
    """`lab.lock`: what was looked up once, and stays."""

    images: dict[str, dict[str, str]] = {}
    """Region → architecture → image."""

    def pinning(self, region: str, images: Mapping[str, str]) -> Locked:
        """These images pinned, too."""
        return Locked(images={**self.images, region: {**self.images.get(region, {}), **images}})


def read_lock(path: Path) -> Locked:
    """What is pinned; nothing where there is no such file."""
    return read_stored(path, Locked) if path.exists() else Locked()


def pin(path: Path, region: str, images: Mapping[str, str]) -> bool:
    """Write images down that are not pinned yet; whether there were any."""
    locked = read_lock(path)
    pinned = locked.pinning(region, images)
    if pinned == locked:
        return False
    write_atomically(path, pinned.model_dump_json(indent=2) + "\n")
    return True


def find_images(account: Account, architectures: Iterable[str], pinned: Mapping[str, str]) -> dict[str, str]:
    """The image of each architecture: the pinned one, or Debian's newest.

    Raises:
        ToolFailedError: if a pinned image is gone, or Debian has none in the region.
    """
    wanted = sorted(set(architectures))
    known = [pinned[name] for name in wanted if name in pinned]
    if known:
        with asking("whether the pinned images are there"):
            found = account.ec2.describe_images(Filters=[{"Name": "image-id", "Values": known}])["Images"]
        there = {image["ImageId"] for image in found if "ImageId" in image}
        if gone := [image for image in known if image not in there]:
            raise ToolFailedError(
                f"{', '.join(gone)}, pinned for {account.region} in {LOCK}, cannot be used any more",
                next_step="remove it there: the next run pins Debian's newest, and its numbers begin a new series",
            )
    with asking("which image is Debian's newest"):
        looked_up = {
            name: account.ssm.get_parameter(Name=PARAMETER.format(architecture=name))["Parameter"]["Value"]
            for name in wanted
            if name not in pinned
        }
    return {name: pinned.get(name) or looked_up[name] for name in wanted}
