#!/usr/bin/python
"""Set what of a host bounds a load, the same on every host, and say how it was set before."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tuning
short_description: Set kernel settings and the CPUs' governor where that is allowed, and say what they were and are
description:
  - A setting that the host does not have, or does not let itself be given, is no failure; the result says so.
options:
  settings: {description: Kernel settings by their names of sysctl., type: dict, required: true}
  governor: {description: That of every CPU whose frequency can be governed., type: str, required: true}
  change:
    description:
      - What may be changed; the rest is only looked at. A host that shares its machine with others may own its network
        and not its CPUs.
    type: list
    elements: str
    choices: [network, cpus]
    default: []
author: benchmark-lab
"""

EXAMPLES = r"""
- name: Let this host answer many connections at once
  tuning: {settings: {net.core.somaxconn: 65535}, governor: performance, change: [network]}
"""

RETURN = r"""
settings:
  description: By name, what each setting was (C(before)) and is (C(after)); null where the host has none
  type: dict
  returned: always
"""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_processes import open_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GOVERNORS = "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor"


def tune(
    root: Path, settings: Mapping[str, object], governor: str, change: Sequence[str]
) -> dict[str, dict[str, str | None]]:
    """What each setting was and is, below the root of the file system."""
    files = {name: [root / "proc/sys" / name.replace(".", "/")] for name in settings}
    found = {name: give(files[name], str(wanted) if "network" in change else None) for name, wanted in settings.items()}
    found["CPU governor"] = give(sorted(root.glob(GOVERNORS)), governor if "cpus" in change else None)
    allowed = str(open_files())
    return {**found, "open files": {"before": allowed, "after": allowed}}


def give(files: Sequence[Path], wanted: str | None) -> dict[str, str | None]:
    """Write a value to files that have another one, unless there is none to be written; what they held and hold."""
    before = read(files)
    if wanted is not None and before not in (None, wanted):
        for file in files:
            with contextlib.suppress(OSError):  # read-only, or a value that this kernel refuses
                file.write_text(f"{wanted}\n", encoding="ascii")
    return {"before": before, "after": read(files)}


def read(files: Sequence[Path]) -> str | None:
    """The value of the files, with each difference between them; None if there is none."""
    values: set[str] = set()
    for file in files:
        with contextlib.suppress(OSError):
            values.add(" ".join(file.read_text(encoding="ascii").split()))
    return ", ".join(sorted(values)) if values else None


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "settings": {"type": "dict", "required": True},
            "governor": {"type": "str", "required": True},
            "change": {"type": "list", "elements": "str", "choices": ["network", "cpus"], "default": []},
        }
    )
    params = module.params
    settings = tune(Path("/"), params["settings"], params["governor"], params["change"])
    changed = any(each["before"] != each["after"] for each in settings.values())
    module.exit_json(changed=changed, settings=settings)


if __name__ == "__main__":
    main()
