"""What a run that is not carried out any more left on hosts that can, or cannot, be reached."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmark_lab.machine.tools import ResourcesRemainError
from benchmark_lab.targets.leftovers import remove_all
from tests.apply.world import FakeTools


@dataclass
class Cleaning(FakeTools):
    """Tools whose playbook reaches the hosts of some inventories."""

    unreachable: frozenset[str] = frozenset()
    """The folders of the inventories whose hosts are not reached."""
    cleaned: list[str] = field(default_factory=list)

    def stream(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, on_line: Callable[[str], None]
    ) -> int:
        del env, cwd, log
        lane = next(Path(word.removeprefix("--inventory=")) for word in argv if "inventory=" in word).parent.name
        if lane not in self.unreachable:
            self.cleaned.append(lane)
            return 0
        event = {"event": "unreachable", "monotonic_s": 0.0, "task": "Stop", "action": "server", "host": lane}
        on_line(json.dumps(event))
        return 4


def state_of_two_lanes(root: Path) -> Path:
    state = root / "run-1"
    for folder in (state, state / "lane-1"):
        folder.mkdir(parents=True)
        (folder / "inventory.json").write_text(json.dumps({"all": {"vars": {"ansible_connection": "ssh"}}}))
    return state


def removed(state: Path, tools: Cleaning) -> bool:
    return remove_all(state, [], Path("project"), tools, {}, lambda _: None)


@pytest.mark.parametrize("lane", ["run-1", "lane-1"])
def test_a_run_whose_hosts_cannot_be_reached_is_not_destroyed(tmp_path: Path, lane: str) -> None:
    state = state_of_two_lanes(tmp_path)
    tools = Cleaning(unreachable=frozenset([lane]))
    with pytest.raises(ResourcesRemainError, match=f"may still be running on a host\\n.*host {lane}"):
        removed(state, tools)
    assert {*tools.cleaned} == {"run-1", "lane-1"} - {lane}
    tools.unreachable = frozenset()
    assert removed(state, tools)
    assert not state.exists()
    assert not removed(state, tools)
