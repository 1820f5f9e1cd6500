from pathlib import Path

import ansible.module_utils

# Ansible finds the product's module_utils by configuration; a test, by this path.
ansible.module_utils.__path__.append(str(Path(__file__).parents[3] / "playbooks" / "plugins" / "module_utils"))
