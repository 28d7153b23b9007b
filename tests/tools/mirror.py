"""Puts the provider where Terraform and OpenTofu look for it, in the layout of an unpacked filesystem mirror.

    mirror.py BINARY [FOLDER]

Without a folder: where both clients look by themselves, `~/.terraform.d/plugins`.
"""

import pathlib
import platform
import re
import shutil
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
HOSTS = ("registry.terraform.io", "registry.opentofu.org")
SOURCE = "huaweivpc/huaweivpc"


def main(binary, folder="~/.terraform.d/plugins"):
    folder = pathlib.Path(folder).expanduser()
    fill(folder, pathlib.Path(binary))
    print(
        f"Version {version()} is in {folder}. A configuration gets it with\n\n"
        "  terraform {\n    required_providers {\n"
        f'      huaweivpc = {{\n        source  = "{SOURCE}"\n        version = "{version()}"\n      }}\n'
        "    }\n  }\n"
    )


def fill(folder, binary):
    """Copies the binary into the mirror, under the names of both registries."""
    for host in HOSTS:
        place = folder / host / SOURCE / version() / system()
        place.mkdir(parents=True, exist_ok=True)
        target = place / f"terraform-provider-huaweivpc_v{version()}{binary.suffix}"
        # A running provider may hold the old file: take its name away instead of writing into it.
        target.unlink(missing_ok=True)
        shutil.copy2(binary, target)


def version():
    return re.search(r'^version = "(.+)"', (REPOSITORY / "Cargo.toml").read_text(), re.MULTILINE).group(1)


def system():
    """Operating system and architecture in the words of Terraform's mirrors."""
    architectures = {"x86_64": "amd64", "aarch64": "arm64"}
    architecture = platform.machine().lower()
    return f"{platform.system().lower()}_{architectures.get(architecture, architecture)}"


if __name__ == "__main__":
    main(*sys.argv[1:])
