#!/usr/bin/env python
"""Django's command line, with the embedded servers up before a command needs them."""

import importlib
import os
import signal
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent

# Commands that neither read nor write a row.
NEEDS_NO_SERVERS = {
    *("compilemessages", "makemessages", "collectstatic", "simulate", "help", "--help"),
    "demo",  # it brings its own
}


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (an older one gets a sentence)
        sys.exit(f"leadwire: needs Python 3.11 or newer, this is {sys.version.split()[0]}.")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from config import embedded

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        # First of all: it also reads .env, where the servers may be named.
        importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as error:
        sys.exit(f"leadwire: {error}")
    if len(sys.argv) > 1 and sys.argv[1] not in NEEDS_NO_SERVERS:
        embedded.start_what_is_missing(BASE_DIR)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    # An end like any other: whoever cleans up at exit gets to do so.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
