"""Finds the image of each architecture: looked up once in Debian's public parameters, and pinned in `lab.lock`."""

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
    """Contents of `lab.lock`: images that `lab` looked up once, and that stay."""

    images: dict[str, dict[str, str]] = {}
    """Image ids by region, and in each region by architecture."""

    def pinning(self, region: str, images: Mapping[str, str]) -> Locked:
        """Return the contents of `lab.lock` with these images pinned, too."""
        return Locked(images={**self.images, region: {**self.images.get(region, {}), **images}})


def read_lock(path: Path) -> Locked:
    """Return the images that a lock file pins; return no images if there is no such file."""
    return read_stored(path, Locked) if path.exists() else Locked()


def pin(path: Path, region: str, images: Mapping[str, str]) -> bool:
    """Write down the images that are not pinned yet; return True if there were such images."""
    locked = read_lock(path)
    pinned = locked.pinning(region, images)
    if pinned == locked:
        return False
    write_atomically(path, pinned.model_dump_json(indent=2) + "\n")
    return True


def find_images(account: Account, architectures: Iterable[str], pinned: Mapping[str, str]) -> dict[str, str]:
    """Return the image of each architecture: the pinned image, or Debian's newest image.

    Raises:
        ToolFailedError: if a pinned image is gone, or Debian has no image in the region.
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
