"""Makes SSH keys: some for users to log in with, others for hosts to be known by."""

from __future__ import annotations

from pathlib import Path

from benchmark_lab.machine.tools import ToolFailedError, Tools


def new_key(path: Path, name: str, tools: Tools) -> str:
    """Make an SSH key without a passphrase, mode 0600, and return the key's public half."""
    done = tools.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)])
    if done.status != 0:
        raise ToolFailedError("ssh-keygen cannot make a key", output=done.stderr)
    return path.with_suffix(".pub").read_text(encoding="utf-8").strip()
