"""What a playbook's hosts report, on its way to whoever asked for it."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from benchmark_lab.bundle import RoundCount
from benchmark_lab.hosts.ansible import Ansible, Event
from benchmark_lab.hosts.secret import Secrets
from benchmark_lab.machine.tools import ToolFailedError
from tests.apply.world import FakeTools, World, cells
from tests.synthetic import experiment

SECRETS = Secrets("pass-word", "jwt-secret")


class Talkative(FakeTools):
    """A server that quotes its secrets, a k6 that does, and a task that fails by one."""

    def stream(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, on_line: Callable[[str], None]
    ) -> int:
        del argv, env, cwd, log
        for kind, result in (
            ("ok", {"log_tail": "first\ncannot connect to postgresql://lab:pass-word@db/lab"}),
            ("ok", {"load": {"problem": "k6 ended with status 107: JWT_SECRET=jwt-secret", "messages": "jwt-secret"}}),
            ("failed", {"msg": "no role pass-word"}),
        ):
            line = {"event": kind, "monotonic_s": 0.0, "task": "t", "action": "a", "host": "h", "result": result}
            on_line(json.dumps(line) + "\n")
        return 2


def test_no_secret_is_in_what_hosts_report_nor_in_why_one_failed(tmp_path: Path) -> None:
    ansible = Ansible(Talkative(), tmp_path, tmp_path, tmp_path, tmp_path, {})
    seen: list[Event] = []
    with pytest.raises(ToolFailedError) as failure:
        ansible.play("round", tmp_path, variables={}, secret_env={}, on_event=seen.append, redact=SECRETS.redact)
    server, k6, _ = seen
    assert server.result["log_tail"] == "first\ncannot connect to postgresql://lab:[redacted]@db/lab"
    assert k6.result["load"] == {
        "problem": "k6 ended with status 107: JWT_SECRET=[redacted]",
        "messages": "[redacted]",
    }
    assert "no role [redacted]" in str(failure.value)


def test_a_runs_own_secrets_are_in_no_file_of_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(experiment(contrasts=[], rounds=RoundCount(min=1, max=1)), cells()[:1], 1)
    world.apply()
    written = "".join(path.read_text() for path in world.folder.path.rglob("*") if path.is_file())
    assert "the password is [redacted], the secret is [redacted]" in written


class Watching(FakeTools):
    """Ansible that only notes the environment that it is given."""

    environment: Mapping[str, str]

    def stream(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, on_line: Callable[[str], None]
    ) -> int:
        del argv, cwd, log, on_line
        self.environment = env
        return 0


def test_builds_find_of_the_callers_environment_what_their_languages_ask_for(tmp_path: Path) -> None:
    callers = {"PATH": "/bin", "CARGO_HOME": "/cargo", "PIP_INDEX_URL": "http://index", "TOKEN": "secret"}
    tools = Watching()
    ansible = Ansible(tools, tmp_path, tmp_path, tmp_path, tmp_path, callers, passed_on=("CARGO_",))
    ansible.play("prepare", tmp_path, variables={}, secret_env={}, on_event=lambda _: None)
    assert {name: tools.environment[name] for name in callers if name in tools.environment} == {
        "PATH": "/bin",
        "CARGO_HOME": "/cargo",
    }
