"""What services post: JSON, or a form in either of its encodings. No header is needed to tell."""

from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import parse_qsl

from tenants.plugins.errors import PayloadRejected

MAX_FIELDS = 1_000


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file of a form."""

    input_name: str
    name: str
    mime: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    fields: dict[str, str]
    files: tuple[File, ...] = ()


def is_json(body: bytes) -> bool:
    return body.lstrip()[:1] in {b"{", b"["}


def read_form(body: bytes) -> Form:
    """The fields of a form (RFC 7578, or URL-encoded); raises PayloadRejected."""
    if body.lstrip().startswith(b"--"):
        return _multipart(body.lstrip())
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=MAX_FIELDS,
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise PayloadRejected("Neither JSON nor a form.") from error
    return Form(dict(pairs))


def _multipart(body: bytes) -> Form:
    boundary = body.partition(b"\n")[0].rstrip(b"\r")
    if not 3 <= len(boundary) <= 202:
        raise PayloadRejected("A form without a boundary.")
    fields: dict[str, str] = {}
    files: list[File] = []
    for piece in (b"\r\n" + body).split(b"\r\n" + boundary)[1 : MAX_FIELDS + 1]:
        head, gap, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not gap:
            continue  # the end of the form
        header = _disposition(head)
        name = str(header.get_param("name", "", "content-disposition"))[:200]
        file_name = header.get_param("filename", None, "content-disposition")
        if file_name is None:
            # A raw letter in a field need not be UTF-8; its bytes come out again as they went in.
            fields[name] = content.decode("utf-8", "surrogateescape")
        else:
            files.append(File(name, str(file_name)[:255], header.get_content_type(), content))
    if not fields and not files:
        raise PayloadRejected("A form without a field.")
    return Form(fields, tuple(files))


def _disposition(head: bytes) -> Message:
    found = Message()
    for line in head.decode("utf-8", "replace").split("\r\n")[:20]:
        name, _, value = line.partition(":")
        if name.lower() in {"content-disposition", "content-type"}:
            found[name] = value.strip()[:2_000]
    return found
