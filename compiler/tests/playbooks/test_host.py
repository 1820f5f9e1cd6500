"""The role `host` by real Ansible, on this machine in the place of a host."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.playbooks.conftest import PLUGINS

PLAYBOOKS = PLUGINS.parent


@pytest.mark.tools
def test_what_a_resumed_run_left_is_removed_and_other_users_may_pass_its_folder_again(tmp_path: Path) -> None:
    """PostgreSQL, where it runs as another user than the one who logs in, must reach its files there."""
    folder, cache = tmp_path / "runs" / "one", tmp_path / "cache"
    cache.mkdir()
    (folder / "postgresql").mkdir(mode=0o700, parents=True)
    with tarfile.open(tmp_path / "files.tar.gz", "w:gz") as tar:
        tar.add(__file__, "files-1/.complete")
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ansible_remote_tmp": str(folder / "ansible"),
        "lab_folder": str(folder),
        "lab_cache": str(cache),
        "lab_files": str(cache / "files-1"),
        "lab_archive": str(tmp_path / "files.tar.gz"),
        "lab_former_runs": [str(folder)],
    }
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": {"sut-0": variables}}}))
    play = {"hosts": "all", "gather_facts": False, "roles": ["host"]}
    (tmp_path / "prepare.yml").write_text(json.dumps([play]))
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "--inventory=inventory.json", "prepare.yml"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ANSIBLE_CONFIG": str(PLAYBOOKS / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (cache / "files-1" / ".complete").exists()
    assert [path.name for path in folder.iterdir()] == ["ansible"]
    assert folder.stat().st_mode & 0o777 == 0o711
