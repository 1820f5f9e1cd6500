"""The stand-in for the AWS provider, built once for its contents and laid out as a mirror of Terraform's registry."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from pathlib import Path

SOURCES = Path(__file__).parent / "stand-in"
VERSION = "6.25.0"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def terraform_settings(cache: Path) -> Path:
    """Return the settings that make hashicorp/aws the stand-in for Terraform; build it below `cache` if need be."""
    folder = cache / "stand-in" / _digest()
    settings = folder / "terraform.rc"
    if settings.exists():
        return settings
    host = f"{platform.system().lower()}_{_ARCHITECTURES[platform.machine()]}"
    program = folder / "registry.terraform.io/hashicorp/aws" / VERSION / host / f"terraform-provider-aws_v{VERSION}"
    subprocess.run(
        ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", program],
        cwd=SOURCES,
        env=os.environ | {"CGO_ENABLED": "0"},
        check=True,
    )
    unfinished = settings.with_suffix(f".{os.getpid()}")
    unfinished.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder}"\n  }}\n}}\n')
    unfinished.rename(settings)
    return settings


def _digest() -> str:
    digest = hashlib.sha256()
    for file in sorted(SOURCES.iterdir()):
        digest.update(f"{file.name} {file.stat().st_size}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
