"""What every command of ours has in common: JSON out, one sentence on error, exit 2."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import redis
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError
from psycopg.errors import UndefinedTable

from tenants import context
from tenants.services import company_named


class OneSentenceParser(CommandParser):
    """Argument errors without the usage text, exit code 2."""

    def error(self, message: str) -> NoReturn:
        sentence = f"{message[:1].upper()}{message[1:]}."
        if self.called_from_command_line:  # Django catches no errors of its own parser there
            self.exit(2, f"{sentence}\n")
        raise CommandError(sentence, returncode=2)


class JsonCommand(BaseCommand):
    """Prints JSON lines to stdout; logs go to stderr; bad arguments end it with exit code 2."""

    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = OneSentenceParser
        return parser

    def say(self, **fields: Any) -> None:
        self.stdout.write(json.dumps(fields, ensure_ascii=False, default=str))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.run(**options)
        except ValidationError as error:
            raise CommandError(" ".join(_sentences(error)), returncode=2) from error
        except (OperationalError, redis.ConnectionError) as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"A server does not answer: {reason}", returncode=1) from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable):
                raise
            raise CommandError(
                "The database is not set up: run manage.py migrate_schemas, as make run does.",
                returncode=1,
            ) from error

    def run(self, **options: Any) -> None:
        raise NotImplementedError

    @staticmethod
    def add_company(parser: ArgumentParser) -> None:
        parser.add_argument("--company", required=True, metavar="S", help="its subdomain")

    @contextmanager
    def inside_company(self, subdomain: str) -> Iterator[None]:
        with context.inside(company_named(subdomain)):
            yield


def _sentences(error: ValidationError) -> Iterator[str]:
    """What is wrong; a sentence about "this field" says which."""
    if not hasattr(error, "error_dict"):
        yield from error.messages
        return
    for field, messages in error.message_dict.items():
        for message in messages:
            yield f"{field}: {message}" if message.startswith("This field") else message
