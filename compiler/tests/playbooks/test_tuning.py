from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from ansible.module_utils.lab_processes import open_files

ROLE = Path(__file__).parents[3] / "playbooks" / "roles" / "tuning"

SETTINGS = {"net.core.somaxconn": 65535, "net.ipv4.ip_local_port_range": "1024 65535", "net.core.netdev_max_backlog": 1}


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """The settings of a host that has no queue of its own for packets."""
    files = {
        "proc/sys/net/core/somaxconn": "4096\n",
        "proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
        "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "ondemand\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_host_of_the_runs_own_is_tuned_and_what_it_was_is_told(
    module: Callable[[str], ModuleType], host: Path
) -> None:
    found = module("tuning").tune(host, SETTINGS, "performance", ["network", "cpus"])
    assert found["net.core.somaxconn"] == {"before": "4096", "after": "65535"}
    assert found["net.ipv4.ip_local_port_range"] == {"before": "32768 60999", "after": "1024 65535"}
    assert found["CPU governor"] == {"before": "ondemand, powersave", "after": "performance"}
    assert found["open files"] == {"before": str(open_files()), "after": str(open_files())}


def test_what_may_not_be_changed_is_only_looked_at(module: Callable[[str], ModuleType], host: Path) -> None:
    tune = module("tuning").tune
    found = tune(host, SETTINGS, "performance", [])
    assert found["net.core.somaxconn"] == {"before": "4096", "after": "4096"}
    assert found["CPU governor"] == {"before": "ondemand, powersave", "after": "ondemand, powersave"}
    found = tune(host, SETTINGS, "performance", ["network"])
    assert found["net.core.somaxconn"]["after"] == "65535"
    assert found["CPU governor"]["after"] == "ondemand, powersave"


def test_a_setting_that_the_host_lacks_is_neither_made_nor_a_failure(
    module: Callable[[str], ModuleType], host: Path
) -> None:
    found = module("tuning").tune(host, SETTINGS, "performance", ["network", "cpus"])
    assert found["net.core.netdev_max_backlog"] == {"before": None, "after": None}
    assert not (host / "proc/sys/net/core/netdev_max_backlog").exists()


def test_a_setting_that_cannot_be_given_stays_and_is_told(module: Callable[[str], ModuleType]) -> None:
    found = module("tuning").give([Path("/proc/sys/kernel/ostype")], "Plan 9")
    assert found == {"before": "Linux", "after": "Linux"}


def test_this_machine_is_looked_at_as_the_role_asks(module: Callable[[str], ModuleType]) -> None:
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    found = module("tuning").tune(Path("/"), defaults["tuning_settings"], defaults["tuning_governor"], [])
    assert all(each["before"] == each["after"] for each in found.values())
    assert int(found["net.core.somaxconn"]["after"]) > 0
