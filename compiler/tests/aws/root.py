"""A Terraform root of the project in a folder of its own, run by real Terraform against the stand-in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INFRA = Path(__file__).parents[3] / "infra"

Values = dict[str, object]
Plan = dict[str, Any]

HARDWARE: Values = {
    "sut": {"type": "c7a.2xlarge"},
    "load": {"type": "c7a.4xlarge", "count": 2},
    "db": {"type": "c7a.2xlarge"},
}
COMPILED: Values = {"region": "us-east-1", "lanes": 1, "hours": 2, "hardware": {"default": HARDWARE}}
RUN: Values = {
    "run": "20261123-0715-a1b2",
    "owner": "somebody",
    "expires_at": "2026-11-23T12:00:00Z",
    "caller_cidr": "203.0.113.7/32",
    "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKexample lab",
    "zone": {"id": "use1-az4", "name": "us-east-1a"},
}


@dataclass
class Root:
    """One copy of a root, with its own ledger."""

    folder: Path
    settings: Path
    faults: Values = field(default_factory=dict)

    @property
    def ledger(self) -> Path:
        return self.folder.parent / "ledger.jsonl"

    @property
    def environment(self) -> dict[str, str]:
        """Terraform's environment: nothing of it comes from an account."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent),
            "TF_CLI_CONFIG_FILE": str(self.settings),
            "TF_IN_AUTOMATION": "1",
            "STAND_IN_LEDGER": str(self.ledger),
            "STAND_IN_POOL": str(self.folder.parent / "pool.txt"),
            "STAND_IN_FAULTS": json.dumps(self.faults) if self.faults else "",
        }

    def write(self, file: str, values: Values) -> None:
        (self.folder / file).write_text(json.dumps(values))

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a Terraform command to its end, however it ends."""
        argv = ["terraform", command, "-no-color", *options]
        return subprocess.run(argv, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)

    def must(self, command: str, *options: str) -> str:
        done = self.run(command, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def init(self) -> None:
        self.must("init", "-input=false")

    def planned(self) -> Plan:
        """Plan, and return the plan as Terraform's JSON says it."""
        self.must("plan", "-input=false", "-out=plan.bin")
        plan: Plan = json.loads(self.must("show", "-json", "plan.bin"))
        return plan

    def apply(self) -> subprocess.CompletedProcess[str]:
        return self.run("apply", "-input=false", "-auto-approve")

    def destroy(self) -> subprocess.CompletedProcess[str]:
        return self.run("destroy", "-input=false", "-auto-approve")

    def events(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.ledger.read_text().splitlines()] if self.ledger.exists() else []

    def left(self) -> Counter[str]:
        """Count what still exists, by type."""
        happened = [event for event in self.events() if not event.get("error")]
        alive = Counter(event["type"] for event in happened if event["action"] == "create")
        alive.subtract(event["type"] for event in happened if event["action"] == "destroy")
        return +alive


def copied(name: str, place: Path, settings: Path, *, hosts: int = 20) -> Root:
    """Copy a root and the modules to `place`, with what the compiler and `lab apply` would write for it."""
    for part in ("modules", name):
        shutil.copytree(INFRA / part, place / part)
    (place / "pool.txt").write_text("".join(f"198.18.0.{host}\n" for host in range(2, 2 + hosts)))
    root = Root(place / name, settings)
    root.write(
        "terraform.tfvars.json", COMPILED | ({"implementations": {"go-fiber": "0a1b2c"}} if name == "aws-ecs" else {})
    )
    root.write("run.auto.tfvars.json", RUN)
    return root
