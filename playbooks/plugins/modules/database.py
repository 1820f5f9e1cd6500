#!/usr/bin/python
"""Start a private PostgreSQL with the seeded database."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database
short_description: A private PostgreSQL with the seeded database
description:
  - Makes a data folder of its own, starts PostgreSQL on a free port, seeds the template of the database, makes the
    database from that, and begins to sample it.
options:
  folder: {description: The run's state folder on this host., type: path, required: true}
  bin: {description: Folder of initdb, postgres and psql; the newest that Debian has if empty., type: str, default: ''}
  user: {description: System user that PostgreSQL runs as; empty for the caller., type: str, default: ''}
  password: {description: Password of the role that the server uses., type: str, default: ''}
  host: {description: Address to listen on., type: str, default: 127.0.0.1}
  allowed: {description: Networks that may connect., type: list, elements: str, default: [127.0.0.1/32]}
  cpus: {type: list, elements: int, default: []}
  sampler_cpus: {description: CPU numbers for the sampler., type: list, elements: int, default: []}
  settings: {description: postgresql.conf., type: dict, default: {}}
  schema_files: {description: SQL files that make and fill the template., type: list, elements: path, default: []}
author: benchmark-lab
"""

EXAMPLES = r"""
- name: Start PostgreSQL
  database: {folder: /var/tmp/run, bin: /usr/lib/postgresql/15/bin}
"""

RETURN = r"""
port: {description: The port it listens on, type: int, returned: always}
version: {description: PostgreSQL's version, type: str, returned: always}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_database import start_database
from ansible.module_utils.lab_postgresql import Cluster, DatabaseError


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "bin": {"type": "str", "default": ""},
            "user": {"type": "str", "default": ""},
            "password": {"type": "str", "default": "", "no_log": True},
            "host": {"type": "str", "default": "127.0.0.1"},
            "allowed": {"type": "list", "elements": "str", "default": ["127.0.0.1/32"]},
            "cpus": {"type": "list", "elements": "int", "default": []},
            "sampler_cpus": {"type": "list", "elements": "int", "default": []},
            "settings": {"type": "dict", "default": {}},
            "schema_files": {"type": "list", "elements": "path", "default": []},
        }
    )
    params = module.params
    try:
        result = start_database(Cluster(params), params)
    except (DatabaseError, OSError, KeyError) as error:
        module.fail_json(msg=f"PostgreSQL: {error}")
    else:
        module.exit_json(changed=True, **result)


if __name__ == "__main__":
    main()
