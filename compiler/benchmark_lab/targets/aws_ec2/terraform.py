"""Drives Terraform in one folder: Terraform applies just what was planned, and gets an interrupt exactly once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from python_terraform import IsFlagged
from python_terraform import Terraform as PythonTerraform

from benchmark_lab.machine.process import ask, follow
from benchmark_lab.machine.tools import ToolFailedError

PLAN = "run.tfplan"
LOCK_TIMEOUT = "60s"
_STEPS = ("apply_start", "apply_complete", "apply_errored")


class Terraform(Protocol):
    """Commands that `lab` gives Terraform or OpenTofu; each command raises ToolFailedError if the command fails."""

    def init(self) -> None:
        """Get the provider that the configuration needs."""

    def plan(self) -> None:
        """Decide what to make, and keep the plan."""

    def apply(self) -> None:
        """Make exactly what was planned."""

    def outputs(self) -> Mapping[str, object]:
        """Return the outputs of the configuration, which describe what was made."""

    def destroy(self) -> None:
        """Remove everything that Terraform's state knows."""

    def known(self) -> tuple[str, ...]:
        """Return the resources that Terraform's state knows to be there, such as `aws_instance i-0a1b`."""


def terraform_program(environment: Mapping[str, str]) -> str:
    """Return the name or path of the program: Terraform, or the program that LAB_TERRAFORM names."""
    return environment.get("LAB_TERRAFORM", "terraform")


class TerraformProgram:
    """The real Terraform, with python-terraform's command lines; `lab` follows long commands line by line."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        backend: Mapping[str, str],
        cache: Path,
        log: Path,
        on_step: Callable[[str], None],
    ) -> None:
        """Prepare Terraform for one folder.

        Args:
            folder: the folder of the configuration, its variables and its state.
            environment: the caller's environment, with what the provider finds its account by.
            backend: the settings of where the state is kept; empty if the folder itself keeps the state.
            cache: the folder where providers are kept between runs.
            log: the file that gets what Terraform prints.
            on_step: the function that is told what begins and ends.
        """
        self._folder = folder
        self._program = terraform_program(environment)
        self._lines = _CommandLines(terraform_bin_path=self._program)
        self._environment = {
            **environment,
            "TF_IN_AUTOMATION": "1",
            "TF_PLUGIN_CACHE_DIR": str(cache),
            # The folder is new for each run, and so is its lock file: without this a cached provider would not be used.
            "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
        }
        self._backend = dict(backend)
        self._cache = cache
        self._log = log
        self._on_step = on_step

    def init(self) -> None:
        """Get the provider that the configuration needs."""
        self._cache.mkdir(parents=True, exist_ok=True)
        self._follow("init", input=False, no_color=IsFlagged, backend_config=self._backend)

    def plan(self) -> None:
        """Decide what to make, and keep the plan."""
        self._short("plan", input=False, no_color=IsFlagged, out=PLAN, lock_timeout=LOCK_TIMEOUT)

    def apply(self) -> None:
        """Make exactly what was planned."""
        self._follow("apply", PLAN, json=IsFlagged, input=False, lock_timeout=LOCK_TIMEOUT)

    def outputs(self) -> Mapping[str, object]:
        """Return the outputs of the configuration, which describe what was made."""
        found: dict[str, dict[str, object]] = json.loads(self._short("output", json=IsFlagged))
        return {name: output["value"] for name, output in found.items()}

    def destroy(self) -> None:
        """Remove everything that Terraform's state knows."""
        self._follow("destroy", json=IsFlagged, auto_approve=IsFlagged, input=False, lock_timeout=LOCK_TIMEOUT)

    def known(self) -> tuple[str, ...]:
        """Return the resources that Terraform's state knows to be there, such as `aws_instance i-0a1b`."""
        if not (self._folder / ".terraform").exists():
            return ()
        state = json.loads(self._short("state pull") or "{}")
        return tuple(
            f"{resource['type']} {instance['attributes'].get('id', instance.get('index_key', resource['name']))}"
            for resource in state.get("resources", [])
            if resource["mode"] == "managed"
            for instance in resource["instances"]
        )

    def _short(self, command: str, **options: object) -> str:
        done = ask(self._lines.generate_cmd_string(command, **options), env=self._environment, cwd=self._folder)
        with self._log.open("a", encoding="utf-8") as log:
            log.write(done.stderr if command in {"output", "state pull"} else done.stdout + done.stderr)
        if done.status != 0:
            raise self._failed(command, done.status, done.stderr)
        return done.stdout

    def _follow(self, command: str, *arguments: str, **options: object) -> None:
        argv = self._lines.generate_cmd_string(command, *arguments, **options)
        heard = _Heard(self._on_step)
        status = follow(argv, env=self._environment, cwd=self._folder, log=self._log, on_line=heard.line)
        if status != 0:
            raise self._failed(command, status, "\n".join(heard.errors or heard.plain))

    def _failed(self, command: str, status: int, output: str) -> ToolFailedError:
        what = f"`{self._program} {command}` ended with status {status}"
        return ToolFailedError(what, output=output, next_step=f"everything that it printed is in {self._log}")


class _CommandLines(PythonTerraform):  # type: ignore[misc]  # the package has no types
    """Builds command lines with python-terraform, and does not look at the state as python-terraform does.

    Another Terraform may be writing the state when an object of python-terraform is made.
    """

    def read_state_file(self, file_path: str | None = None) -> None:
        """Read no state file."""


class _Heard:
    """Lines that a Terraform command printed: the errors of its JSON lines, and the lines that are no JSON."""

    def __init__(self, on_step: Callable[[str], None]) -> None:
        self.errors: list[str] = []
        self.plain: list[str] = []
        self._on_step = on_step

    def line(self, text: str) -> None:
        event: object = None
        with suppress(ValueError):
            event = json.loads(text)
        match event:
            case {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": str(summary), **more}}:
                self.errors.append(f"{summary}: {more['detail']}" if more.get("detail") else summary)
            case {"type": str(kind), "@message": str(message)} if kind in _STEPS:
                self._on_step(message)
            case dict():
                pass
            case _:
                self.plain.append(text)
