"""The command lines that Terraform gets, and what of its answers the user hears; a script stands in for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.targets.aws_ec2.terraform import TerraformProgram

Script = Callable[[str], TerraformProgram]
STATE = {
    "resources": [
        {"mode": "managed", "type": "aws_vpc", "name": "this", "instances": [{"attributes": {"id": "vpc-1"}}]},
        {"mode": "data", "type": "aws_region", "name": "this", "instances": [{"attributes": {"id": "us-east-1"}}]},
        {
            "mode": "managed",
            "type": "aws_route",
            "name": "r",
            "instances": [{"attributes": {"id": "r-1"}}, {"attributes": {"id": "r-2"}}],
        },
    ]
}


@pytest.fixture
def steps() -> list[str]:
    return []


@pytest.fixture
def scripted(tmp_path: Path, steps: list[str]) -> Script:
    """Terraform as a shell script that notes its command line and environment first."""

    def made(body: str, backend: dict[str, str] | None = None, state: str = "{}") -> TerraformProgram:
        program = tmp_path / "a program"
        program.write_text(f'#!/bin/sh\necho "$TF_PLUGIN_CACHE_DIR: $*" >> "{tmp_path}/asked"\n{body}\n')
        program.chmod(0o755)
        folder = tmp_path / "root"
        (folder / ".terraform").mkdir(parents=True)
        (folder / "terraform.tfstate").write_text(state)
        environment = {"PATH": "/usr/bin:/bin", "LAB_TERRAFORM": str(program)}
        log = tmp_path / "log"
        log.touch()
        return TerraformProgram(
            folder, environment, backend=backend or {}, cache=tmp_path / "cache", log=log, on_step=steps.append
        )

    return made


def test_each_verb_has_its_command_line(scripted: Script, tmp_path: Path) -> None:
    terraform = scripted("echo '{}'")
    terraform.init()
    terraform.plan()
    terraform.apply()
    terraform.outputs()
    terraform.destroy()
    asked = [line.partition(": ")[2] for line in (tmp_path / "asked").read_text().splitlines()]
    assert asked == [
        "init -input=false -no-color",
        "plan -input=false -no-color -out=run.tfplan -lock-timeout=60s",
        "apply -json -input=false -lock-timeout=60s run.tfplan",
        "output -json",
        "destroy -json -auto-approve -input=false -lock-timeout=60s",
    ]
    assert (tmp_path / "asked").read_text().startswith(f"{tmp_path}/cache: init")


def test_the_state_may_be_kept_in_a_bucket(tmp_path: Path, scripted: Callable[..., TerraformProgram]) -> None:
    scripted("true", {"bucket": "mine", "key": "lab/a1b2"}).init()
    assert (tmp_path / "asked").read_text().endswith("-backend-config=bucket=mine -backend-config=key=lab/a1b2\n")


def test_what_begins_and_ends_is_told_and_the_rest_is_logged(
    scripted: Script, steps: list[str], tmp_path: Path
) -> None:
    lines = [
        {"type": "version", "@message": "Terraform 1.11"},
        {"type": "apply_start", "@message": "aws_vpc.this: Creating..."},
        {"type": "apply_progress", "@message": "aws_vpc.this: Still creating..."},
        {"type": "apply_complete", "@message": "aws_vpc.this: Creation complete"},
    ]
    printed = "\n".join(map(json.dumps, lines))
    scripted(f"cat <<'END'\n{printed}\nEND").apply()
    assert steps == ["aws_vpc.this: Creating...", "aws_vpc.this: Creation complete"]
    assert (tmp_path / "log").read_text() == f"{printed}\n"


def test_every_error_is_in_the_failure_and_no_warning(scripted: Script) -> None:
    lines = [
        {"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "Old", "detail": "so what"}},
        {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "creating", "detail": "No capacity."}},
        {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "throttled", "detail": ""}},
    ]
    printed = "\n".join(map(json.dumps, lines))
    with pytest.raises(ToolFailedError) as raised:
        scripted(f"cat <<'END'\n{printed}\nEND\nexit 1").destroy()
    assert raised.value.output == "creating: No capacity.\nthrottled"
    assert raised.value.what.endswith("a program destroy` ended with status 1")


def test_what_fails_without_json_is_quoted(scripted: Script) -> None:
    with pytest.raises(ToolFailedError) as raised:
        scripted("echo 'no such provider' >&2; exit 1").init()
    assert raised.value.output == "no such provider"


def test_what_the_state_knows_are_its_resources_with_their_ids(scripted: Script) -> None:
    known = scripted(f"cat <<'END'\n{json.dumps(STATE)}\nEND").known()
    assert known == ("aws_vpc vpc-1", "aws_route r-1", "aws_route r-2")


@pytest.mark.parametrize("written", ["", '{"version": 4, "resour'])
def test_a_state_that_another_terraform_is_writing_stops_no_call(
    scripted: Callable[..., TerraformProgram], tmp_path: Path, written: str
) -> None:
    scripted("true", state=written).destroy()
    assert "destroy -json" in (tmp_path / "asked").read_text()


def test_a_terminals_interrupt_reaches_none_of_its_calls(scripted: Script, tmp_path: Path) -> None:
    terraform = scripted(f"ps -o sid= -p $$ >> '{tmp_path}/sessions'; echo '{{}}'")
    terraform.known()
    terraform.destroy()
    sessions = (tmp_path / "sessions").read_text().split()
    assert len(sessions) == 2
    assert str(os.getsid(0)) not in sessions


def test_a_program_that_is_not_there_is_said(scripted: Script, tmp_path: Path) -> None:
    terraform = scripted("true")
    (tmp_path / "a program").unlink()
    for verb in (terraform.init, terraform.plan):
        with pytest.raises(ToolFailedError, match="a program is not installed"):
            verb()
