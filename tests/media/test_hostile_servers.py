"""Servers that mean us harm, or are merely broken: what is taken of them ends, and says why."""

import gzip
import socket
import time
from typing import Any, cast

import pytest

from channels_app import wire
from channels_app.providers import CHANNELS, base
from channels_app.providers.values import Attachment
from tenants.plugins import downloads, http
from tenants.plugins.downloads import TooMuch, download
from tenants.plugins.errors import CredentialsRejected, Rejected, Unavailable
from tests.loopback import Door, serving

LIMIT = 100_000


class Server(Door):
    def answer_fine(self):
        self.begin(Content_Type="image/png; charset=x", Content_Length=5)
        self.wfile.write(b"bytes")

    def answer_endless(self):
        self.begin(Connection="close")
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b"x" * 65_536)
                self.server.written += 65_536
        except OSError:
            pass

    def answer_boastful(self):
        self.begin(Content_Length=10**12)

    def answer_short(self):
        self.begin(Content_Length=500)
        self.wfile.write(b"half")
        self.close_connection = True

    def answer_long(self):
        self.begin(Content_Length=4)
        self.wfile.write(b"four and more")
        self.close_connection = True

    def answer_negative(self):
        self.begin(Content_Length=-5)
        self.close_connection = True

    def answer_bomb(self):
        packed = gzip.compress(b"\0" * 50_000_000)
        self.begin(Content_Encoding="gzip", Content_Length=len(packed))
        self.wfile.write(packed)

    def answer_trickle(self):
        self.begin(Connection="close")
        self.close_connection = True
        try:
            while not self.server.over.wait(0.05):
                self.wfile.write(b".")
                self.wfile.flush()
        except OSError:
            pass

    def answer_inside(self):
        self.begin(302, Location="http://169.254.169.254/latest/meta-data/", Content_Length=0)

    def answer_file(self):
        self.begin(302, Location="file:///etc/passwd", Content_Length=0)

    def answer_circle(self):
        self.begin(302, Location=self.path, Content_Length=0)

    def answer_onward(self):
        self.begin(307, Location="/fine", Content_Length=0)

    def answer_refused(self):
        self.begin(401, Content_Length=0)


@pytest.fixture
def server(settings):
    with serving(Server) as place:
        settings.TELEGRAM_API_URL = place.url  # the operator's own choice: it may lie inside
        yield place


def take(server, path, **more) -> bytes:
    with download(f"{server.url}/{path}", limit=LIMIT, **more) as found:
        return b"".join(found.chunks)


def test_a_file(server):
    with download(f"{server.url}/fine", limit=LIMIT, headers={"Authorization": "Basic x"}) as found:
        assert (b"".join(found.chunks), found.mime) == (b"bytes", "image/png")
    [(_, headers)] = server.asked
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Authorization"] == "Basic x"


def test_an_endless_body_ends_at_the_limit(server):
    with pytest.raises(TooMuch):
        take(server, "endless")
    assert server.written < LIMIT + 20 * 1024 * 1024  # what lay in the sockets' buffers


def test_what_says_that_it_is_too_large_is_not_begun(server):
    with pytest.raises(TooMuch, match="1000000000000"):
        take(server, "boastful")


def test_a_body_that_is_shorter_than_it_said_is_tried_again(server):
    with pytest.raises(Unavailable):
        take(server, "short")


def test_a_body_that_is_longer_than_it_said_is_cut_there(server):
    assert take(server, "long") == b"four"


def test_a_length_below_zero(server):
    with pytest.raises(Unavailable):
        take(server, "negative")


def test_a_packed_file_is_not_unpacked(server):
    with pytest.raises(Rejected, match="packed"):
        take(server, "bomb")


def test_a_trickle_ends_in_time(server):
    began = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        take(server, "trickle", seconds=0.5)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("path", ["inside", "onward", "file", "circle"])
def test_a_redirect_is_followed_only_where_one_is_expected(server, path):
    with pytest.raises(Rejected):
        take(server, path)
    assert len(server.asked) == 1


def test_an_expected_redirect_is_followed_without_the_credentials(server):
    assert take(server, "onward", redirects=1, headers={"Authorization": "Basic x"}) == b"bytes"
    (_, first), (_, second) = server.asked
    assert first["Authorization"] == "Basic x"
    assert "Authorization" not in second


@pytest.mark.parametrize("path", ["inside", "file"])
def test_no_redirect_leads_inside(server, path):
    with pytest.raises(http.ForbiddenAddress):
        take(server, path, redirects=2)


def test_a_circle_of_redirects_ends(server):
    with pytest.raises(Rejected):
        take(server, "circle", redirects=2)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/",
        "http://127.0.0.1:1/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "ftp://example.com/a",
        "file:///etc/passwd",
        "gopher://example.com",
        "http://",
    ],
)
def test_no_address_inside_is_visited(url, settings):
    with pytest.raises(http.ForbiddenAddress):
        download(url, limit=LIMIT)


def test_a_name_that_leads_inside_is_not_visited(monkeypatch):
    def lookup(host, port, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(http.ForbiddenAddress):
        download("https://cdn.example/a.jpg", limit=LIMIT)


def test_what_a_company_names_is_not_excused_by_the_operators_choice(server):
    with pytest.raises(http.ForbiddenAddress):
        download(f"{server.url}/fine", limit=LIMIT, named_by_company=True)
    assert not server.asked


@pytest.mark.parametrize("platform", ["messenger", "instagram", "whatsapp", "twilio", "x"])
def test_a_webhook_names_no_server_of_the_operators(platform, server, settings):
    """A company signs its own app's webhooks: the model's server next door is not its to read."""
    settings.COMPATIBLE_BASE_URL = server.url
    made = CHANNELS.get(platform)({"account_id": "1", "auth_token": "t", "account_sid": "AC1"})
    said = Attachment(kind="image", url=f"{server.url}/fine")
    with pytest.raises(http.ForbiddenAddress):
        made.open_attachment(said, None, limit=LIMIT)
    assert not server.asked


@pytest.mark.parametrize(
    "address",
    [
        "http://ton.twitter.com/1.1/ton/data/dm/1/a.jpg",  # in the open
        "http://pbs.twimg.com/media/a.jpg",
        "https://ton.twitter.com.evil.example/a.jpg",
        "https://eviltwitter.com/a.jpg",
        "https://ton.x.com@evil.example/a.jpg",
        "https://evil.example/a.jpg",
        "http://api.x.com/a.jpg",
    ],
)
def test_no_token_of_x_goes_in_the_open_or_to_others(address, respx_mock):
    made = CHANNELS.get("x")({"account_id": "1", "access_token": "user-token"})
    with pytest.raises(http.ForbiddenAddress):
        made.open_attachment(Attachment(kind="image", url=address), None, limit=LIMIT)
    assert not respx_mock.calls


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ton.twitter.com/1.1/ton/data/dm/1/a.jpg", "Bearer user-token"),
        ("https://pbs.twimg.com/media/a.jpg", None),  # lies there for everybody
    ],
)
def test_x_is_shown_the_token_where_only_two_people_may_look(address, shown, monkeypatch):
    asked = []
    made = CHANNELS.get("x")({"account_id": "1", "access_token": "user-token"})

    def fetched(url: str, **more: Any) -> str:
        asked.append((url, more["headers"]))
        return "file"

    monkeypatch.setattr(base, "download", fetched)
    opened: Any = made.open_attachment(Attachment(kind="image", url=address), None, limit=1)
    assert opened == "file"
    ((url, headers),) = asked
    assert (url, headers.get("Authorization")) == (address, shown)


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("https://api.example/v1/a", True),
        ("https://API.example/a", True),
        ("https://api.example:444/a", False),
        ("http://api.example/a", False),
        ("https://api.example@evil.example/a", False),
        ("https://evil.example/https://api.example/", False),
        ("https://api.example.evil.example/", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_whose_server_an_address_is_at(address, is_ours):
    assert wire.is_at(address, "https://other.example", "https://api.example/v25.0") is is_ours


def test_what_cannot_be_an_address_is_none():
    assert wire.web_address("http://[::1") == ""
    assert wire.web_address("http://") == ""


def test_a_refusal_says_by_its_class_what_to_do(server):
    with pytest.raises(CredentialsRejected):
        take(server, "refused")
    with pytest.raises(Unavailable):
        take(server, "nothing")


def test_the_connection_is_given_back(server):
    """Whatever happened, nothing is left open: the pool would run dry."""
    for path in ("fine", "short", "bomb", "refused", "boastful"):
        try:
            take(server, path)
        except (Rejected, Unavailable):
            continue
    with downloads.download(f"{server.url}/fine", limit=LIMIT):
        pass  # opened, and not read
    pool = cast("Any", http._client(trusting=True)._transport)._pool
    assert all(connection.is_idle() or connection.is_closed() for connection in pool.connections)
