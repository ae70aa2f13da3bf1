from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from knowledge.models import Document
from knowledge.services import add_document, find_same, index_document
from tenants.commands import JsonCommand
from tenants.plugins.errors import ProviderError


class Command(JsonCommand):
    help = "Add documents to a company's knowledge; they are searchable when this returns."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--title", default="", help="for a single file; else its own is taken")
        self.add_company(parser)

    def run(self, **options: Any) -> None:
        files: list[Path] = options["files"]
        for path in files:
            if not path.is_file():
                raise CommandError(f"There is no file {str(path)!r}.", returncode=2)
        if options["title"] and len(files) > 1:
            raise CommandError("One title fits one file.", returncode=2)
        with self.inside_company(options["company"]):
            refused = [path for path in files if not self._add(path, options["title"])]
        if refused:
            names = ", ".join(path.name for path in refused)
            raise CommandError(f"Not searchable: {names}.", returncode=1)

    def _add(self, path: Path, title: str) -> bool:
        """Whether it can be found now; says so on stdout."""
        try:
            content = path.read_bytes()
            same = find_same(source_name=path.name, content=content)
            document = same or add_document(title=title, source_name=path.name, content=content)
            index_document(document_id=document.pk)
        except ValidationError as error:
            self.say(file=path.name, id=None, status="refused", passages=0, error=error.messages[0])
            return False
        except ProviderError:
            pass  # the row says it: pending, with the reason; the sweeper tries again
        document = Document.objects.get(pk=document.pk)
        self.say(
            file=path.name,
            id=document.pk,
            title=document.title,
            status=document.status,
            passages=document.passage_count,
            known=same is not None,
            error=document.error,
        )
        return document.is_ready
