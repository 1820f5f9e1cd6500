"""Runs a bundle's playbooks with ansible-playbook and turns what its callback streams into events."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark_lab.machine.tools import ToolFailedError, Tools

PASSED_ON = ("PATH", "HOME", "USER", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR")
PASSED_ON_PREFIXES = ("GO", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
"""First letters of further variables of the caller that reach Ansible, beside the variables in `PASSED_ON`.

The variables say how to find programs and registries, and what languages ask for.
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the callback plugin: a task that starts, or a host's result of a task."""

    kind: str
    """`task`, `ok`, `failed`, `ignored` or `unreachable`."""
    monotonic_s: float
    task: str
    action: str
    host: str
    result: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Ansible:
    """The folders of the playbooks and their parts, and the environment that the playbooks run with."""

    tools: Tools
    playbooks: Path
    """Folder of the compiled playbooks."""
    sources: Path
    """Folder `playbooks/` of the copied sources, with `ansible.cfg`, `roles/` and `plugins/`."""
    state: Path
    """The run's state folder on the controller; Ansible's temporary files go there."""
    logs: Path
    environment: Mapping[str, str]
    """The caller's environment."""
    passed_on: tuple[str, ...] = ()
    """First letters of the variables of `environment` that builds of the bundle's languages take."""

    def play(
        self,
        name: str,
        inventory: Path,
        *,
        variables: Mapping[str, object],
        secret_env: Mapping[str, str],
        on_event: Callable[[Event], None],
        redact: Callable[[str], str] = str,
        label: str = "",
        limit: str = "all",
    ) -> None:
        """Run the playbook `<name>.yml` on the hosts that `limit` names.

        The playbook's output goes to `logs/<label or name>.log`.
        The hosts' reports, and quotations from the reports, come without what `redact` takes away.

        Raises:
            ToolFailedError: if a task failed or a host could not be reached.
        """
        label = label or name
        extra = self.state / f"{label}.vars.json"
        extra.write_text(json.dumps(dict(variables)))
        log = self.logs / f"{label}.log"
        failures: list[Event] = []

        def on_line(line: str) -> None:
            event = parse_event(redact(line))
            if event.kind in ("failed", "unreachable"):
                failures.append(event)
            on_event(event)

        argv = [sys.executable, "-m", "ansible", "playbook", f"--inventory={inventory}", f"--limit={limit}",
                f"--extra-vars=@{extra}"]  # fmt: skip
        playbook = str(self.playbooks / f"{name}.yml")
        status = self.tools.stream(
            [*argv, playbook], env={**self._environment(), **secret_env}, cwd=self.state, log=log, on_line=on_line
        )
        if status != 0:
            raise self._failure(name, status, failures, log)

    def _failure(self, name: str, status: int, failures: list[Event], log: Path) -> ToolFailedError:
        if failures:
            event = failures[0]
            what = f"host {event.host}: the task “{event.task}” of {name}.yml {_VERB[event.kind]}"
            said = "\n".join(str(event.result[key]) for key in ("msg", "module_stderr") if event.result.get(key))
            return ToolFailedError(what, output=said, next_step=f"the whole output is in {log}")
        output = log.read_text(errors="replace") if log.exists() else ""
        return ToolFailedError(f"ansible-playbook {name}.yml ended with status {status}", output=output)

    def _environment(self) -> dict[str, str]:
        passed = {
            key: value
            for key, value in self.environment.items()
            if key in PASSED_ON or key.startswith((*PASSED_ON_PREFIXES, *self.passed_on))
        }
        return {
            **passed,
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(self.sources / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.state / "ansible"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


_VERB = {"failed": "failed", "unreachable": "could not run, the host cannot be reached"}


def parse_event(line: str) -> Event:
    """Return the event in one line of the callback plugin."""
    data = json.loads(line)
    return Event(
        kind=data["event"],
        monotonic_s=data["monotonic_s"],
        task=data["task"],
        action=data["action"],
        host=data.get("host", ""),
        result=data.get("result", {}),
    )
