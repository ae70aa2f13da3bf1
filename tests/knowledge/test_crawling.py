"""A site is looked through politely, whatever it does; what it no longer says is not answered."""

import gzip
import socket
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from knowledge import services
from knowledge.models import Document, KnowledgeState, Passage, Source, SourcePage
from knowledge.services import visiting
from tenants.plugins import http
from tests.knowledge.site import Site
from tests.knowledge.test_documents import assert_totals_are_true

MAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'
INDEX = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</sitemapindex>'


@pytest.fixture
def site(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    place = Site()
    yield place
    place.stop()


@pytest.fixture
def crawl(north, work, django_capture_on_commit_callbacks):
    """Follow an address to the end of its round; returns the source."""

    def run(address: str = "", *, source: Source | None = None, **wanted) -> Source:
        with django_capture_on_commit_callbacks(execute=True):
            if source is None:
                source = services.add_source(address=address, **wanted)
            else:
                services.look_again(source=source)
        work()
        source.refresh_from_db()
        return source

    return run


def states(source):
    return {
        page.address.partition("//")[2].partition("/")[2]: page.status
        for page in source.pages.all()
    }


def documents():
    return set(Document.objects.exclude(status="gone").values_list("title", flat=True))


def locs(*addresses, tag="url"):
    return "".join(f"<{tag}><loc>{address}</loc></{tag}>" for address in addresses)


def test_a_site_is_followed_link_by_link(site, crawl):
    site.page("/", "Welcome to the shop.", "/prices", "/prices#top", "https://else.example/")
    site.page("/prices?utm_source=x", "unused")
    site.page("/prices", "A bicycle costs 400 euros.", "/", "/deep", "/logo.png", "mailto:a@b.c")
    site.page("/deep", "We are open from nine to six.", "/too/deep")

    source = crawl(site.url, max_depth=2)

    assert source.status == "ready"
    assert states(source) == {"": "taken", "prices": "taken", "deep": "taken"}
    assert documents() == {"/", "/prices", "/deep"}
    assert site.paths.count("/prices") == 1
    assert "/too/deep" not in site.paths
    found = services.search(question="What does a bicycle cost?")
    assert "400 euros" in found.passages[0].text
    assert "Menu" not in found.passages[0].text
    assert_totals_are_true()


def test_robots_txt_is_obeyed(site, crawl):
    site.say("/robots.txt", "User-agent: *\nDisallow: /private\nCrawl-delay: 0\n")
    site.page("/", "Welcome.", "/private/a", "/jump", "/open")
    site.page("/private/a", "secret")
    site.page("/open", "All may read this.")
    site.say("/jump", status=302, Location="/private/a")

    source = crawl(site.url)

    assert states(source) == {
        "": "taken", "open": "taken", "private/a": "forbidden", "jump": "forbidden",
    }  # fmt: skip
    assert "/private/a" not in site.paths
    assert site.asked[0][0] == "/robots.txt"
    assert site.asked[0][1]["User-Agent"].startswith("Leadwire")


@pytest.mark.parametrize("status", [500, 503])
def test_without_its_robots_txt_a_site_is_not_visited(site, crawl, status):
    site.say("/robots.txt", status=status)
    site.page("/", "Welcome.")

    source = crawl(site.url)

    assert (source.status, site.paths) == ("failed", ["/robots.txt"])
    assert str(status) in source.error


def test_sitemaps_and_their_indexes(site, crawl):
    first, second = f"{site.url}/one.xml", f"{site.url}/two.xml.gz"
    site.say("/map.xml", INDEX.format(locs(first, second, f"{site.url}/map.xml", tag="sitemap")))
    # Each names the other again: a loop.
    site.say("/one.xml", INDEX.format(locs(f"{site.url}/map.xml", second, tag="sitemap")))
    packed = gzip.compress(MAP.format(locs(f"{site.url}/a", "https://else.example/b")).encode())
    site.say("/two.xml.gz", packed, Content_Type="application/gzip")
    site.page("/a", "Found by the map alone.")

    source = crawl(f"{site.url}/map.xml", kind="sitemap")

    assert states(source) == {
        "map.xml": "read", "one.xml": "read", "two.xml.gz": "read", "a": "taken",
    }  # fmt: skip
    assert len(site.paths) == 5


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><urlset><url>&z;</url></urlset>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><urlset><url>&x;</url></urlset>',
        "<urlset>" + "<a>" * 5_000,
        "<html>no map</html>",
        "\x00\x01\x02",
        "",
    ],
)
def test_a_hostile_sitemap_is_refused(site, crawl, content):
    site.say("/map.xml", content)

    source = crawl(f"{site.url}/map.xml", kind="sitemap")

    assert source.status == "failed"
    assert "sitemap" in source.error


def test_no_way_leads_inside(site, crawl, settings, monkeypatch):
    """The name of the site is public; what it redirects and links to is not."""
    settings.ALLOW_PRIVATE_ADDRESSES = False
    real, port = http.is_public, site.server_port

    def lookup(host, wanted, *args, **kwargs):
        address = "127.0.0.1" if host == "shop.example" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, wanted))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(http, "is_public", lambda ip: ip == "127.0.0.1" or real(ip))
    inside = "http://169.254.169.254/latest/meta-data/"
    site.page("/", "Welcome.", "/out", "/in", inside)
    site.say("/out", status=301, Location=inside)
    site.say("/in", status=302, Location="http://10.0.0.7/admin")

    source = crawl(f"http://shop.example:{port}/")

    assert states(source) == {"": "taken", "out": "elsewhere", "in": "elsewhere"}


@pytest.mark.parametrize("address", ["http://10.0.0.1/", "http://169.254.169.254/latest/"])
def test_an_address_inside_is_not_followed(north, crawl, address):
    source = crawl(address)

    assert source.status == "failed"
    assert "not public" in source.error


@pytest.mark.parametrize(
    "address", ["", "ftp://shop.example/", "file:///etc/passwd", "http://", "http://a:b@c.example/"]
)
def test_what_is_no_web_address_is_refused(north, address):
    with pytest.raises(ValidationError):
        services.add_source(address=address)


def test_a_site_without_end_has_one(site, crawl):
    """Every page leads to two more that nobody has seen."""
    site.pages = Endless()

    source = crawl(f"{site.url}/0", max_pages=6, max_depth=9)

    assert source.pages.count() == 6
    assert "limit" in source.error
    assert source.status == "ready"


class Endless(dict):
    def get(self, path, missing=None, /):
        number = path.strip("/")
        if not number.isdecimal():
            return missing
        links = "".join(f'<a href="/{int(number) * 2 + more}">x</a>' for more in (1, 2))
        body = f"<html><body><p>Page number {number}.</p>{links}</body></html>"
        return 200, {"Content-Type": "text/html"}, body.encode()


@pytest.mark.parametrize(
    ("path", "why"), [("/bomb", "larger"), ("/endless", "larger"), ("/slow", "in time")]
)
def test_a_page_without_end_has_one(site, crawl, monkeypatch, path, why):
    monkeypatch.setattr(visiting, "PAGE_BYTES", 200_000)
    monkeypatch.setattr(visiting, "PAGE_SECONDS", 0.3 if path == "/slow" else 20.0)
    monkeypatch.setattr(visiting, "MOST_ATTEMPTS", 1)

    source = crawl(f"{site.url}{path}", kind="page")

    assert states(source) == {path[1:]: "failed"}
    assert why in source.error


def test_a_page_that_is_there_under_two_addresses_is_kept_once(site, crawl):
    head = '<link rel="canonical" href="/chair">'
    site.page("/", "Welcome.", "/chair?color=red")
    site.page("/chair", "A chair costs 80 euros.", "/copy", "/moved", head=head)
    site.page("/chair?color=red", "A chair costs 80 euros.", head=head)
    site.say("/copy", site.pages["/chair"][2].replace(head.encode(), b""))
    site.say("/moved", status=301, Location="/chair")

    source = crawl(site.url)

    assert documents() == {"/", "/chair"}
    assert states(source) == {
        "": "taken", "chair": "taken", "chair?color=red": "duplicate", "copy": "duplicate",
        "moved": "duplicate",
    }  # fmt: skip


def test_canonical_addresses_in_a_circle_lose_nothing(site, crawl):
    site.page("/", "Welcome.", "/a")
    site.page("/a", "What a says.", head='<link rel="canonical" href="/b">')
    site.page("/b", "What b says.", head='<link rel="canonical" href="/a">')

    crawl(site.url)

    assert documents() == {"/", "/b"}


def test_what_asks_not_to_be_kept_is_not_but_may_lead_on(site, crawl):
    site.page("/", "List.", "/quiet", head='<meta name="robots" content="noindex">')
    site.page("/quiet", "Nobody shall follow.", "/never", X_Robots_Tag="nofollow")

    source = crawl(site.url)

    assert states(source) == {"": "forbidden", "quiet": "taken"}


def test_letters_and_kinds(site, crawl):
    arabic = "<html><body><p>التوصيل خلال يومين</p></body></html>".encode("windows-1256")
    site.page("/", "Welcome.", "/ar", "/list.txt", "/film")
    site.say("/ar", arabic, Content_Type="text/html; charset=windows-1256")
    site.say("/list.txt", "Tea costs 3 euros.", Content_Type="text/plain; charset=utf-8")
    site.say("/film", b"\x00\x01", Content_Type="video/mp4")

    source = crawl(site.url)

    assert Passage.objects.filter(text__contains="التوصيل خلال يومين").exists()
    assert Passage.objects.filter(text__contains="Tea costs").exists()
    assert source.pages.get(status="unfit").error == "We cannot read what is there: video/mp4."


def test_the_next_round_takes_only_what_changed(site, crawl):
    site.page("/", "Welcome.", "/a", "/b", "/c", ETag='"1"')
    site.page("/a", "Breakfast is at seven.", ETag='"a1"')
    site.page("/b", "Lunch is at noon.")
    site.page("/c", "Dinner is at eight.")
    source = crawl(site.url)
    before = dict(Passage.objects.values_list("text", "pk"))
    site.asked.clear()
    site.page("/a", "Breakfast is at six now.", ETag='"a2"')
    site.say("/b", site.pages["/b"][2] + b"<!-- another comment each time -->")
    del site.pages["/c"]

    source = crawl(source=source)

    assert states(source) == {"": "unchanged", "a": "taken", "b": "unchanged", "c": "gone"}
    assert dict(site.asked)["/a"]["If-None-Match"] == '"a1"'
    gone = Document.objects.get(title="/c")
    assert (gone.status, gone.passage_count) == ("gone", 0)
    assert not services.search(question="When is dinner?").is_grounded(services.THRESHOLD)
    after = dict(Passage.objects.values_list("text", "pk"))
    assert after["Lunch is at noon."] == before["Lunch is at noon."]
    assert Document.objects.get(title="/a").version == 2
    assert_totals_are_true()

    site.page("/c", "Dinner is at eight.")
    crawl(source=source)

    gone.refresh_from_db()
    assert gone.status == "ready"
    assert "at eight" in services.search(question="When is dinner?").passages[0].text
    assert_totals_are_true()


def test_a_page_that_cannot_be_had_now_keeps_what_it_said(site, crawl, monkeypatch):
    monkeypatch.setattr(visiting, "FIRST_WAIT", 0.0)
    site.page("/", "Welcome to us.")
    source = crawl(f"{site.url}/", kind="page")
    site.say("/", status=503)

    source = crawl(source=source)

    assert site.paths.count("/") == 4  # once, and three times in vain
    assert states(source) == {"": "failed"}
    assert documents() == {"/"}


def test_what_was_removed_by_hand_stays_away(site, crawl):
    site.page("/", "Welcome.", "/a")
    site.page("/a", "Out of date.")
    source = crawl(site.url)
    services.remove_document(document=Document.objects.get(title="/a"))

    source = crawl(source=source)

    assert states(source) == {"": "unchanged", "a": "left_out"}
    assert documents() == {"/"}


def test_a_worker_that_dies_at_any_page_loses_none(
    site, north, work, monkeypatch, django_capture_on_commit_callbacks
):
    """Each page's worker dies once, before or after it was written; the sweeper brings it back."""
    site.page("/", "Welcome.", "/a", "/b")
    site.page("/a", "What a says.")
    site.page("/b", "What b says.")
    died: set[tuple[str, object]] = set()
    go_on, visited = visiting._go_on, visiting._visited

    def die_before_commit(source, **kwargs):
        go_on(source, **kwargs)
        if ("commit", source.turn) not in died and len(died) % 2:
            died.add(("commit", source.turn))
            raise KeyboardInterrupt

    def die_after_reading(source, page, robots):
        found = visited(source, page, robots)
        if ("read", page.address) not in died:
            died.add(("read", page.address))
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(visiting, "_go_on", die_before_commit)
    monkeypatch.setattr(visiting, "_visited", die_after_reading)
    with django_capture_on_commit_callbacks(execute=True):
        source = services.add_source(address=site.url)
    for _ in range(20):
        try:
            # as in the worker: what was not committed is gone
            with transaction.atomic():
                work()
        except KeyboardInterrupt:
            # its lease runs out
            Source.objects.update(due_at=timezone.now() - timedelta(minutes=1))
            with django_capture_on_commit_callbacks(execute=True):
                services.sweep()
    source.refresh_from_db()

    assert len(died) > 3
    assert source.status == "ready"
    assert documents() == {"/", "/a", "/b"}
    assert_totals_are_true()


def test_a_stale_ring_does_nothing(site, crawl):
    site.page("/", "Welcome.")
    source = crawl(f"{site.url}/", kind="page")
    site.asked.clear()

    for turn in range(source.turn + 1):
        services.visit_next(source_id=source.pk, turn=turn)

    assert site.asked == []


def test_a_schedule_begins_rounds_by_itself(site, crawl, work, django_capture_on_commit_callbacks):
    site.page("/", "Welcome.")
    source = crawl(f"{site.url}/", kind="page", every_hours=24)
    assert source.next_round_at - source.finished_at == timedelta(hours=24)
    Source.objects.update(next_round_at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        assert services.sweep()["sources"] == 1
        assert services.sweep()["sources"] == 0
    work()

    source.refresh_from_db()
    assert (source.round, source.status) == (2, "ready")


def test_limits_that_change_during_a_visit_hold(site, crawl, monkeypatch):
    site.page("/", "Welcome.", "/a")
    site.page("/a", "What a says.")
    visited = visiting._visited

    def change_meanwhile(source, page, robots):
        services.change_source(source=Source.objects.get(), max_pages=77, every_hours=24)
        return visited(source, page, robots)

    monkeypatch.setattr(visiting, "_visited", change_meanwhile)

    source = crawl(site.url)

    assert (source.max_pages, source.every_hours, source.status) == (77, 24, "ready")
    assert source.next_round_at - source.finished_at == timedelta(hours=24)


def test_removing_a_source_forgets_what_only_it_knew(site, crawl):
    site.page("/", "Welcome.", "/a")
    site.page("/a", "What a says.")
    source = crawl(site.url)
    crawl(f"{site.url}/a", kind="page")

    services.remove_source(source=source)

    assert documents() == {"/a"}
    assert Source.objects.count() == 1
    assert_totals_are_true()


def test_the_same_address_is_one_source(site, crawl):
    site.page("/", "Welcome.")
    first = crawl(site.url)
    version = KnowledgeState.current().version

    assert crawl(f"{site.url}/?utm_source=mail").pk == first.pk
    assert KnowledgeState.current().version == version


def test_pauses_are_as_long_as_the_site_asks(site, north, settings):
    settings.KNOWLEDGE_CRAWL_PAUSE = 1.0
    site.say("/robots.txt", "User-agent: *\nCrawl-delay: 7\n")
    source = services.add_source(address=site.url)

    services.visit_next(source_id=source.pk, turn=source.turn)

    source.refresh_from_db()
    assert source.pause == 7
    assert source.due_at is not None
    assert timedelta(seconds=6) < source.due_at - timezone.now() <= timedelta(seconds=7)
    services.visit_next(source_id=source.pk, turn=source.turn)  # too early
    assert site.paths == ["/robots.txt"]
    assert SourcePage.objects.filter(status="waiting").count() == 2
