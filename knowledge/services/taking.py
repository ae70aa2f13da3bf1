"""What a visited page comes to: a document, or the reason why it is none."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.utils import timezone

from knowledge import sentences
from knowledge.crawling.addresses import plain, same_site
from knowledge.crawling.fetching import Fetched, unpacked
from knowledge.crawling.links import Links, read_links
from knowledge.crawling.sitemaps import NoSitemap, read_sitemap
from knowledge.loaders import LOADERS
from knowledge.loaders.base import Unreadable
from knowledge.models import Document, Source, SourcePage
from knowledge.services.documents import add_document, mark_gone
from knowledge.services.uploads import kind_of

Status = SourcePage.Status

HTML = frozenset({"text/html", "application/xhtml+xml"})
BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
MIMES = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/markdown": "md",
    "text/csv": "csv",
    "text/plain": "txt",
}
GZIP = b"\x1f\x8b"
SITEMAP_BYTES = 50 * 1024 * 1024  # unpacked; the protocol's own limit
LONGEST_NAME = 255
# What is said of it now: no answer may stand on it any longer.
NO_LONGER = frozenset({Status.GONE, Status.FORBIDDEN, Status.ELSEWHERE, Status.UNFIT})


@dataclass(slots=True)
class Found:
    """What one visit brought.

    ``instead`` is the address by which the page wants to be known; ``wait`` are the seconds
    after which it is tried again.
    """

    status: str
    error: str = ""
    size: int = 0
    links: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)
    instead: str = ""
    content: bytes = b""
    kind: str = ""
    text_hash: str = ""
    etag: str = ""
    last_modified: str = ""
    wait: float = 0.0


def read_page(*, source: Source, page: SourcePage, answer: Fetched) -> Found:
    """Read an answer of status 200; nothing is written yet."""
    if page.role == SourcePage.Role.SITEMAP:
        found = _read_map(answer)
    elif answer.address != page.address and not _is_settled(source, answer.address):
        found = Found(
            Status.DUPLICATE, sentences.KNOWN_AS.of(address=answer.address), instead=answer.address
        )
    elif _is_html(answer):
        found = _read_html(source, page, answer)
    else:
        found = _read_file(answer)
    found.size = len(answer.content)
    found.etag = answer.headers.get("etag", "")[:200]
    found.last_modified = answer.headers.get("last-modified", "")[:60]
    return found


def keep(*, source: Source, page: SourcePage, found: Found) -> None:
    """Write what a visit brought; needs the source's transaction."""
    if found.text_hash:
        _settle(source, page, found)
    if found.status in NO_LONGER or found.status == Status.DUPLICATE:
        _let_go(page, found)
    page.status = found.status
    page.error = found.error[:300]
    page.visited_at = timezone.now()
    is_put_off = found.status == Status.WAITING
    page.attempts = page.attempts + 1 if is_put_off else 0
    page.retry_at = timezone.now() + timedelta(seconds=found.wait) if is_put_off else None
    if found.status in {Status.TAKEN, Status.READ}:
        page.etag, page.last_modified = found.etag, found.last_modified
        page.text_hash, page.size = found.text_hash, found.size
    if _was_guessed(source, page):
        page.delete()
    else:
        page.save()


def _read_map(answer: Fetched) -> Found:
    try:
        content = _unzipped(answer.content)
        sitemap = read_sitemap(content)
    except NoSitemap as error:
        return Found(Status.FAILED, str(error))
    return Found(
        Status.READ,
        links=[plain(address) for address in sitemap.pages],
        sitemaps=[plain(address) for address in sitemap.sitemaps],
    )


def _unzipped(content: bytes) -> bytes:
    """A sitemap may be kept packed on the server, whatever the wire does."""
    if not content.startswith(GZIP):
        return content
    pieces: list[bytes] = []
    size = 0
    for piece in unpacked(iter([content])):
        size += len(piece)
        if size > SITEMAP_BYTES:
            raise NoSitemap(sentences.LARGE_SITEMAP)
        pieces.append(piece)
    return b"".join(pieces)


def _is_html(answer: Fetched) -> bool:
    if answer.mime:
        return answer.mime in HTML
    return LOADERS.get("html")().is_surely(answer.content)


def _read_html(source: Source, page: SourcePage, answer: Fetched) -> Found:
    content = _in_unicode(answer)
    header = answer.headers.get("x-robots-tag", "")
    links = read_links(content.decode("utf-8", "replace"), answer.address, header=header)
    if instead := _true_address(source, page, links):
        return Found(Status.DUPLICATE, sentences.KNOWN_AS.of(address=instead), instead=instead)
    if not links.may_index:
        error = sentences.NOT_TO_BE_KEPT
        return Found(Status.FORBIDDEN, error, links=links.addresses)
    found = _loaded(content, "html")
    found.links = links.addresses
    return found


def _in_unicode(answer: Fetched) -> bytes:
    """The page in UTF-8 with its mark, where the server says in which letters it came."""
    content = answer.content
    if answer.charset and not content.startswith(BOMS):
        try:
            return b"\xef\xbb\xbf" + content.decode(answer.charset).encode("utf-8", "ignore")
        except (LookupError, UnicodeDecodeError, ValueError):
            pass  # it is not in those; the loader looks for itself
    return content


def _true_address(source: Source, page: SourcePage, links: Links) -> str:
    """The address the page calls its own, unless that one only leads back here."""
    said = links.canonical
    if not said or said == page.address or not same_site(said, source.address):
        return ""
    if _bare(said) == _bare(page.address):
        return ""  # http, https, "www.", a slash at the end: the same page, here it is
    return "" if _is_settled(source, said) else said


def _bare(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", address).rstrip("/")


def _is_settled(source: Source, address: str) -> bool:
    """Whether that address was visited and is not itself a page: pointing there leads nowhere."""
    visited = source.pages.filter(address=address, round=source.round)
    return visited.exclude(status__in=[Status.WAITING, Status.TAKEN, Status.UNCHANGED]).exists()


def _read_file(answer: Fetched) -> Found:
    kind = MIMES.get(answer.mime, "")
    if not kind:
        return Found(Status.UNFIT, sentences.UNREADABLE_KIND.of(kind=answer.mime or "?"))
    return _loaded(answer.content, kind)


def _loaded(content: bytes, kind: str) -> Found:
    """Taken in, unless nothing can be read there."""
    try:
        kind_of(source_name="", content=content, kind=kind)
        loaded = LOADERS.get(kind)().load(content)
    except ValidationError as error:
        return Found(Status.UNFIT, error.messages[0])
    except Unreadable as error:
        return Found(Status.UNFIT, str(error))
    said = "\n".join((loaded.title, *("\n".join((*s.heading, s.text)) for s in loaded.sections)))
    return Found(
        Status.TAKEN,
        content=content,
        kind=kind,
        text_hash=sha256(said.encode()).hexdigest(),
    )


def _settle(source: Source, page: SourcePage, found: Found) -> None:
    """Whether what was read is new, known already, or what another page says."""
    document = page.document
    usable = {Document.Status.READY, Document.Status.PENDING, Document.Status.INDEXING}
    if page.text_hash == found.text_hash and document and document.status in usable:
        found.status = Status.UNCHANGED
        page.etag, page.last_modified = found.etag, found.last_modified
        return
    same = (
        source.pages.filter(text_hash=found.text_hash, document__isnull=False)
        .filter(status__in=[Status.TAKEN, Status.UNCHANGED, Status.WAITING])
        .exclude(pk=page.pk)
        .first()
    )
    if same is not None:
        found.status, found.error = (
            Status.DUPLICATE,
            sentences.SAYS_THE_SAME.of(address=same.address),
        )
        return
    page.document = add_document(
        title="",
        source_name=_name(page.address),
        content=found.content,
        kind=found.kind,
        actor=f"source:{source.pk}",
    )


def _let_go(page: SourcePage, found: Found) -> None:
    """Answer from it no longer, unless it is known from elsewhere too."""
    document = page.document
    if document is None:
        return
    others = document.pages.exclude(pk=page.pk).filter(status__in=[Status.TAKEN, Status.UNCHANGED])
    if not others.exists():
        mark_gone(document=document, reason=found.error)
    page.text_hash = page.etag = page.last_modified = ""


def _was_guessed(source: Source, page: SourcePage) -> bool:
    """A sitemap that nobody named and that is not there is nobody's failure."""
    is_failed = page.status in {Status.FAILED, Status.GONE, Status.FORBIDDEN, Status.ELSEWHERE}
    return page.role == SourcePage.Role.SITEMAP and is_failed and page.address != source.address


def _name(address: str) -> str:
    """The document's source name: the address, its end made short where it is long."""
    if len(address) <= LONGEST_NAME:
        return address
    return f"{address[: LONGEST_NAME - 17]}~{sha256(address.encode()).hexdigest()[:16]}"
