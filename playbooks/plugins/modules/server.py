#!/usr/bin/python
"""Start or stop a server on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: server
short_description: Start a server and wait until it is ready, or stop it
description:
  - C(started) stops what ran under the name, starts the command on a free port and its CPU set, waits until it answers,
    and begins to sample it.
  - C(stopped) ends it; the name C(*) ends everything recorded below the folder, the last started first, and before that
    the modules of the run that go on although their connection is gone.
  - A server that does not start is a result (C(problem)), not a failure of the task.
options:
  state: {type: str, choices: [started, stopped], default: started}
  name: {type: str, required: true}
  folder: {description: The run's state folder on this host., type: path, required: true}
  argv: {description: "Command line; C({port}) and C({host}) are filled in.", type: list, elements: str}
  env: {description: The whole environment., type: dict, default: {}}
  cwd: {type: path}
  cpus: {description: CPU numbers it may use; all if empty., type: list, elements: int, default: []}
  sampler_cpus: {description: CPU numbers for the sampler., type: list, elements: int, default: []}
  with_host: {description: Whether the host's counters are sampled too., type: bool, default: true}
  host: {description: Address to listen on., type: str, default: 127.0.0.1}
  ready_path: {description: Answers 200 once the server is ready., type: str, default: /health}
  ready_timeout_s: {type: float, default: 30}
  memory_share:
    description: Of the host's memory that it may use at most; the sampler then ends it. 0 is no limit.
    type: float
    default: 0
  helpers:
    description: Words of the command lines of processes that have no children and yet are no workers.
    type: list
    elements: str
    default: []
  run: {description: The run as its modules have it in LAB_RUN., type: str}
author: benchmark-lab
"""

EXAMPLES = r"""
- name: Start the server
  server: {name: upstream, folder: /var/tmp/run, argv: [app, "{port}"], cwd: /srv/app}
"""

RETURN = r"""
problem: {description: Why the server does not serve, type: str, returned: always}
port: {description: The port it listens on, type: int, returned: started}
pid: {description: The server's first process, type: int, returned: started}
workers: {description: Processes that serve, type: int, returned: started}
ready_s: {description: Seconds from start to the first 200, type: float, returned: started}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_serving import start_server, stop_servers


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
            "name": {"type": "str", "required": True},
            "folder": {"type": "path", "required": True},
            "argv": {"type": "list", "elements": "str"},
            "env": {"type": "dict", "default": {}},
            "cwd": {"type": "path"},
            "cpus": {"type": "list", "elements": "int", "default": []},
            "sampler_cpus": {"type": "list", "elements": "int", "default": []},
            "with_host": {"type": "bool", "default": True},
            "host": {"type": "str", "default": "127.0.0.1"},
            "ready_path": {"type": "str", "default": "/health"},
            "ready_timeout_s": {"type": "float", "default": 30.0},
            "memory_share": {"type": "float", "default": 0.0},
            "helpers": {"type": "list", "elements": "str", "default": []},
            "run": {"type": "str"},
        },
        required_if=[("state", "started", ["argv"])],
    )
    params = module.params
    actions = {"started": start_server, "stopped": stop_servers}
    module.exit_json(server=params["name"], **actions[params["state"]](params))


if __name__ == "__main__":
    main()
