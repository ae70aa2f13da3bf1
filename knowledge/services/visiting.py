"""A round through a source, one page a turn.

Whoever takes a turn holds the source until ``due_at``; the page is asked for outside any
transaction, and what came of it is committed together with the next turn. A worker that dies
leaves everything as it was before its page, and the sweeper has it visited again.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from knowledge import sentences
from knowledge.crawling.addresses import home, may_be_page, plain, same_site
from knowledge.crawling.fetching import Fetched, fetch
from knowledge.crawling.robots import MOST, Robots
from knowledge.models import Source, SourcePage
from knowledge.services.ringing import ring_visit
from knowledge.services.sources import next_round
from knowledge.services.taking import Found, keep, read_page
from tenants.audit.services import record
from tenants.live import publish
from tenants.plugins.errors import ProviderError

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # longer than any visit can take
EARLY = timedelta(seconds=0.5)  # that a delayed ring may come
PAGE_SECONDS = 20.0
PAGE_BYTES = 5 * 1024 * 1024
ROBOTS_SECONDS = 10.0
ROUND_BYTES = 200 * 1024 * 1024
ROUND_TIME = timedelta(hours=6)
MOST_SITEMAPS = 50
MOST_ATTEMPTS = 3
FIRST_WAIT, LONGEST_WAIT = 5.0, 600.0  # seconds before a page is tried again


@dataclass(frozen=True, slots=True)
class _Trouble(Exception):
    """The round cannot go on; the reason is a sentence."""

    reason: str


def visit_next(*, source_id: int, turn: int) -> None:
    """Visit one page, if this turn is still to be taken; harmless at any time."""
    source = _claim(source_id, turn)
    if source is None:
        return
    try:
        if source.status == Source.Status.WAITING:
            _prepare(source)
            return
        robots = Robots(source.robots)
        page = _next_page(source)
        if page is None:
            _rest(source)
        else:
            _store(source, page, _visited(source, page, robots))
    except _Trouble as trouble:
        _end(source, Source.Status.FAILED, trouble.reason)


def _claim(source_id: int, turn: int) -> Source | None:
    now = timezone.now()
    taken = (
        Source.objects.at_work()
        .filter(pk=source_id, turn=turn)
        .filter(Q(due_at__lte=now + EARLY) | Q(due_at=None))
        .update(turn=F("turn") + 1, due_at=now + LEASE)
    )
    return Source.objects.filter(pk=source_id, turn=turn + 1).first() if taken else None


def _prepare(source: Source) -> None:
    """Read robots.txt, and put everything that is to be visited on the list."""
    text = _robots(source)
    robots = Robots(text)
    with transaction.atomic():
        if _held(source) is None:
            return
        source.robots = text
        source.save(update_fields=["robots"])
        source.pause = max(robots.pause, settings.KNOWLEDGE_CRAWL_PAUSE)
        source.status = Source.Status.CRAWLING
        # Whatever was found in an earlier round is asked after, wherever it is linked now.
        source.pages.exclude(status=SourcePage.Status.LEFT_OUT).update(
            status=SourcePage.Status.WAITING, round=source.round, attempts=0, retry_at=None
        )
        is_map = source.kind == Source.Kind.SITEMAP
        role = SourcePage.Role.SITEMAP if is_map else SourcePage.Role.PAGE
        _list(source, [source.address], role=role, depth=0)
        if source.kind == Source.Kind.SITE:
            named = [plain(each) for each in robots.sitemaps]
            maps = named or [f"{home(source.address)}/sitemap.xml"]
            _list(source, maps, role=SourcePage.Role.SITEMAP, depth=0)
        _go_on(source)


def _robots(source: Source) -> str:
    """robots.txt of the site; none is an empty one (RFC 9309 sections 2.3.1.3 and 2.3.1.4)."""
    try:
        answer = fetch(
            f"{home(source.address)}/robots.txt",
            most_bytes=PAGE_BYTES,
            seconds=ROBOTS_SECONDS,
        )
    except ProviderError as error:
        raise _Trouble(sentences.UNREACHED.of(why=error)) from error
    if answer.status == 429 or answer.status >= 500:
        raise _Trouble(sentences.NO_ROBOTS.of(status=answer.status))
    return answer.content.decode("utf-8", "replace").replace("\x00", "")[:MOST]


def _next_page(source: Source) -> SourcePage | None:
    """The next page to visit now; nearest to the start first. Sitemaps before pages."""
    if source.round_bytes > ROUND_BYTES:
        raise _Trouble(sentences.STOPPED_BYTES)
    if source.started_at and timezone.now() - source.started_at > ROUND_TIME:
        raise _Trouble(sentences.STOPPED_TIME)
    ready = Q(retry_at=None) | Q(retry_at__lte=timezone.now() + EARLY)
    return source.pages.waiting().filter(ready).order_by("-role", "depth", "pk").first()


def _visited(source: Source, page: SourcePage, robots: Robots) -> Found:
    if not robots.allows(page.address):
        return Found(SourcePage.Status.FORBIDDEN, sentences.FORBIDDEN)

    def may_visit(address: str) -> bool:
        return same_site(address, source.address) and robots.allows(address)

    knows = page.document is not None and page.document.is_ready
    try:
        answer = fetch(
            page.address,
            most_bytes=PAGE_BYTES,
            seconds=PAGE_SECONDS,
            etag=page.etag if knows else "",
            last_modified=page.last_modified if knows else "",
            may_visit=may_visit,
        )
    except ProviderError as error:
        return _failed(page, str(error), error.retryable, error.retry_after)
    return _judged(source, page, answer, robots)


def _judged(source: Source, page: SourcePage, answer: Fetched, robots: Robots) -> Found:
    status = answer.status
    if status == 304:
        return Found(SourcePage.Status.UNCHANGED)
    if status in {404, 410}:
        return Found(SourcePage.Status.GONE, sentences.GONE.of(status=status))
    if 300 <= status < 400:
        if not same_site(answer.address, source.address):
            return Found(
                SourcePage.Status.ELSEWHERE, sentences.ELSEWHERE.of(address=answer.address)
            )
        return Found(SourcePage.Status.FORBIDDEN, sentences.FORBIDDEN_ONWARD)
    if status != 200:
        hopeful = status == 429 or status >= 500
        return _failed(page, sentences.ANSWERED.of(status=status), hopeful, None)
    return read_page(source=source, page=page, answer=answer)


def _failed(page: SourcePage, why: str, may_heal: bool, wait: float | None) -> Found:
    if may_heal and page.attempts + 1 < MOST_ATTEMPTS:
        seconds = min(max(wait or 0.0, FIRST_WAIT * 4**page.attempts), LONGEST_WAIT)
        return Found(SourcePage.Status.WAITING, why[:300], wait=seconds)
    return Found(SourcePage.Status.FAILED, why[:300])


@transaction.atomic
def _store(source: Source, page: SourcePage, found: Found) -> None:
    """What came of a page, what it links to, and the next turn: all or nothing."""
    if _held(source) is None:
        return
    source.round_bytes += found.size
    if page.depth < source.max_depth or page.role == SourcePage.Role.SITEMAP:
        _list(source, found.links, role=SourcePage.Role.PAGE, depth=page.depth + 1)
    if page.depth < source.max_depth + 3:
        _list(source, found.sitemaps, role=SourcePage.Role.SITEMAP, depth=page.depth + 1)
    if found.instead:
        _list(source, [found.instead], role=page.role, depth=page.depth, is_extra=True)
    keep(source=source, page=page, found=found)
    _go_on(source)


def _list(
    source: Source, addresses: list[str], *, role: str, depth: int, is_extra: bool = False
) -> None:
    """Put addresses of the site on the list, as far as the limits go."""
    known = source.pages.filter(role=role)
    limit = MOST_SITEMAPS if role == SourcePage.Role.SITEMAP else source.max_pages + is_extra
    fitting = [
        address
        for address in dict.fromkeys(addresses)
        if address and same_site(address, source.address)
        if role == SourcePage.Role.SITEMAP or depth == 0 or may_be_page(address)
    ]
    if not fitting:
        return
    there = set(source.pages.filter(address__in=fitting).values_list("address", flat=True))
    fresh = [address for address in fitting if address not in there]
    # What is gone or says what another says holds no place.
    held = known.exclude(status__in=[SourcePage.Status.GONE, SourcePage.Status.DUPLICATE])
    room = max(limit - held.count(), 0) if fresh else 0
    if len(fresh) > room and role == SourcePage.Role.PAGE and source.kind != Source.Kind.PAGE:
        source.error = sentences.STOPPED_PAGES
    SourcePage.objects.bulk_create(
        [
            SourcePage(source=source, role=role, address=address, depth=depth, round=source.round)
            for address in fresh[:room]
        ],
        ignore_conflicts=True,
    )


def _rest(source: Source) -> None:
    """Nothing can be visited now: wait for what is to be tried again, or end the round."""
    waiting = source.pages.waiting().order_by("retry_at").values_list("retry_at", flat=True)
    later = waiting.first()
    if later is None:
        worked = source.pages.filter(
            status__in=[SourcePage.Status.TAKEN, SourcePage.Status.UNCHANGED]
        )
        if worked.exists():
            _end(source, Source.Status.READY, source.error)
        else:
            said = source.pages.exclude(error="").order_by("depth", "pk").first()
            _end(source, Source.Status.FAILED, said.error if said else sentences.NOTHING_READ)
        return
    with transaction.atomic():
        if _held(source) is not None:
            _go_on(source, wait=max((later - timezone.now()).total_seconds(), 0.0))


def _go_on(source: Source, *, wait: float | None = None) -> None:
    """Commit the next turn, and have it rung when its time comes."""
    pause = source.pause if wait is None else max(wait, source.pause)
    source.due_at = timezone.now() + timedelta(seconds=pause)
    # Not its limits: somebody may have changed them while the page was read.
    source.save(update_fields=["status", "error", "round_bytes", "pause", "due_at"])
    publish("source_status", source=source.pk, status=source.status)
    ring_visit(source.pk, source.turn, delay_seconds=pause)


@transaction.atomic
def _end(source: Source, status: str, error: str) -> None:
    row = _held(source)
    if row is None:
        return
    row.status = status
    row.error = error[:300]
    row.finished_at = timezone.now()
    row.due_at = None
    row.next_round_at = next_round(row)
    row.save()
    publish("source_status", source=source.pk, status=status)
    record(
        action=f"source.{status}",
        subject=f"source:{source.pk}",
        details={"round": source.round, "pages": source.pages.count()},
    )


def _held(source: Source) -> Source | None:
    """The row, locked, as long as nobody took a later turn."""
    return (
        Source.objects.at_work().select_for_update().filter(pk=source.pk, turn=source.turn).first()
    )
