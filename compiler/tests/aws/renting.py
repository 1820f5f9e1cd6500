"""A real `lab` that rents: real Terraform on the stand-in for its provider, and moto's AWS for everything else."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.conftest import STATE, Lab

EXPERIMENT = "experiments/workers-sweep.yaml"
HARDWARE = """hardware:
  sut: {type: c7a.large, cpus: 1}
  load: {type: c7a.xlarge, cpus: 1}
  db: {type: c7a.large, cpus: 1}
"""
"""Hosts of the size that this machine can play; the sweep's own have more CPUs than it."""


@dataclass(kw_only=True)
class RentingLab(Lab):
    """The command, with an account."""

    place: Path
    settings: Path
    endpoint: str
    faults: dict[str, object] = field(default_factory=dict)

    @property
    def ledger(self) -> Path:
        return self.place / "ledger.jsonl"

    @property
    def pool(self) -> Path:
        return self.place / "pool.txt"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ENDPOINT_URL": self.endpoint,
            "LAB_CALLER_ADDRESS": "198.18.0.1",
            "TF_CLI_CONFIG_FILE": str(self.settings),
            "STAND_IN_LEDGER": str(self.ledger),
            "STAND_IN_POOL": str(self.pool),
            "STAND_IN_FAULTS": json.dumps(self.faults) if self.faults else "",
        }

    def shrink_hosts(self) -> None:
        path = self.project / EXPERIMENT
        text, found = re.subn(r"(?m)^hardware:\n(  .*\n)+", HARDWARE, path.read_text())
        assert found == 1
        path.write_text(text)

    def pin_image(self, image: str) -> None:
        pinned = {"schema": 2, "images": {"us-east-1": {"amd64": image}}}
        (self.project / "lab.lock").write_text(json.dumps(pinned))

    def events(self) -> list[dict[str, Any]]:
        text = self.ledger.read_text() if self.ledger.exists() else ""
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def left(self) -> Counter[str]:
        """What still exists in the cloud, such as `aws_instance i-0a1b`."""
        happened = [event for event in self.events() if not event.get("error")]
        alive = Counter(f"{event['type']} {event['id']}" for event in happened if event["action"] == "create")
        alive.subtract(f"{event['type']} {event['id']}" for event in happened if event["action"] == "destroy")
        return +alive

    def wait_for(self, action: str, number: int = 1) -> None:
        """Wait until so many changes of a kind have been asked for."""
        until(lambda: sum(event["action"] == action for event in self.events()) >= number)


def states() -> list[Path]:
    return list((STATE / "runs").glob("*"))


def until(condition: Callable[[], bool], limit_s: float = 120) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)
