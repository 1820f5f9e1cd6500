#!/usr/bin/python
"""Take orders on a host while a run measures."""

from __future__ import annotations

DOCUMENTATION = r"""
module: station
short_description: Serve, load and observe on a host, order by order, until the controller hangs up
description:
  - Listens on a socket in the run's folder, which the controller reaches directly or by SSH.
  - The orders are C(choose-port), C(serve) and C(observe-server), C(load), C(reset-database), C(observe-database)
    and C(benchmark-database). Their parameters are what differs from trial to trial; the options hold what does not.
  - C(load) answers as soon as k6 is ready. C(begin) then lets it go, together with other hosts' if it is told when.
options:
  folder: {description: The run's state folder on this host., type: path, required: true}
  files: {description: Folder of the bundle's files., type: path, required: true}
  cpus: {description: CPU numbers of the station; as it is given if empty., type: list, elements: int, default: []}
  server: {description: What is fixed of a server; see lab_serving., type: dict, required: true}
  database: {description: What is fixed of PostgreSQL; see lab_database., type: dict, required: true}
  load: {description: What is fixed of a load; see lab_load., type: dict, required: true}
  database_url: {description: The server's database., type: str, required: true}
  jwt_secret: {description: What server and load share., type: str, required: true}
  metadata: {description: "Of a host that may be taken away: C(host:port) that tells of it.", type: str, default: ''}
author: benchmark-lab
"""

EXAMPLES = r"""
- name: Take orders
  station: {folder: /var/tmp/run, files: /var/tmp/cache/files, server: {}, database: {}, load: {}}
"""

RETURN = r"""
orders: {description: How many orders came, type: int, returned: always}
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_database import calibrate_database, observe_database, reset_database
from ansible.module_utils.lab_load import load
from ansible.module_utils.lab_postgresql import Cluster
from ansible.module_utils.lab_processes import free_port, pin_session
from ansible.module_utils.lab_serving import observe_server, start_server
from ansible.module_utils.lab_station import NoCallerError, take_orders

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible.module_utils.lab_station import Act, Confer, Order, Result

SOCKET = "station"
"""In the run's folder."""
SERVER = "sut"
"""The record of the server that is measured."""


def acts(params: dict[str, Any]) -> dict[str, Act]:
    """What this host does for each order."""
    common = {name: params[name] for name in ("folder", "files", "metadata")}
    server, database = {**common, **params["server"], "name": SERVER}, {**common, **params["database"]}
    server["env"] = {**server["env"], "DATABASE_URL": params["database_url"], "JWT_SECRET": params["jwt_secret"]}

    def serve(order: Order, _: Confer) -> Result:
        env = {**server["env"], **order["env"]}
        env["PATH"] = os.pathsep.join([*order["path"], env["PATH"]])
        return start_server({**server, **order, "env": env})

    def send_load(order: Order, confer: Confer) -> Result:
        env = {**params["load"]["env"], "JWT_SECRET": params["jwt_secret"], **order["env"]}
        script = str(Path(params["files"], order["script"]))
        return load({**common, **params["load"], **order, "script": script, "env": env}, confer)

    def with_database(do: Callable[[Cluster, dict[str, Any]], Result]) -> Act:
        return lambda order, _: do(Cluster(database), {**database, **order})

    return {
        "choose-port": lambda _, __: {"port": free_port(server["host"])},
        "serve": serve,
        "observe-server": lambda order, _: observe_server({**server, **order}),
        "load": send_load,
        "reset-database": with_database(reset_database),
        "observe-database": with_database(observe_database),
        "benchmark-database": with_database(calibrate_database),
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "files": {"type": "path", "required": True},
            "cpus": {"type": "list", "elements": "int", "default": []},
            "server": {"type": "dict", "required": True},
            "database": {"type": "dict", "required": True},
            "load": {"type": "dict", "required": True},
            "database_url": {"type": "str", "required": True, "no_log": True},
            "jwt_secret": {"type": "str", "required": True, "no_log": True},
            "metadata": {"type": "str", "default": ""},
        }
    )
    params = module.params
    if params["cpus"]:
        pin_session(params["cpus"])
    try:
        orders = take_orders(Path(params["folder"], SOCKET), acts(params))
    except NoCallerError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=orders > 0, orders=orders)


if __name__ == "__main__":
    main()
