"""What networks announce is fetched once, whatever happens on the way."""

from datetime import timedelta

import pytest
import respx
from django.utils import timezone

from channels_app.media import fetching, upkeep
from channels_app.media.services import expect, read
from channels_app.models import InboundEvent, Media
from tenants import context
from tests.factories import make_connection, make_conversation, make_message
from tests.media.conftest import OGG, PNG, stored_files

GRAPH = "https://graph.facebook.com/v25.0"
PLACE = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=901"


@pytest.fixture
def network():
    with respx.mock(assert_all_called=False) as router:
        yield router


def announced(platform="messenger", *, event=None, **said):
    """A message with one attachment, as ingest leaves it."""
    connection = make_connection(
        platform=platform, config={"access_token": "t0k", "bot_token": "77:t0k"}
    )
    defaults = {"kind": "image", "url": "", "ref": "", "name": "", "mime": "", "size": 0}
    message = make_message(
        conversation=make_conversation(connection=connection), attachments=[{**defaults, **said}]
    )
    if event is not None:
        event = InboundEvent.objects.create(connection=connection, key="k", **event)
    [media] = expect(message=message, event=event)
    return media


def fetched(media) -> Media:
    fetching.fetch(media_id=media.pk)
    media.refresh_from_db()
    return media


def come_round(media) -> Media:
    """Its pause is over."""
    Media.objects.filter(pk=media.pk).update(next_attempt_at=timezone.now())
    return fetched(media)


def test_a_picture_by_its_address(north, network, files):
    network.get("https://cdn.fbsbx.com/a.jpg").respond(content=PNG)
    media = fetched(announced(url="https://cdn.fbsbx.com/a.jpg"))

    assert (media.state, media.mime, media.width, media.height) == ("stored", "image/png", 3, 2)
    assert b"".join(read(media)) == PNG
    assert len(stored_files(files)) == 1


def test_whatsapp_looks_the_address_up_and_shows_its_token(north, network):
    look_up = network.get(f"{GRAPH}/901").respond(
        json={"url": PLACE, "mime_type": "audio/ogg", "file_size": len(OGG), "id": "901"}
    )
    download = network.get(PLACE).respond(content=OGG)
    media = fetched(announced("whatsapp", kind="audio", ref="901"))

    assert (media.state, media.mime, media.kind) == ("stored", "audio/ogg", "audio")
    assert look_up.calls.last.request.headers["Authorization"] == "Bearer t0k"
    assert download.calls.last.request.headers["Authorization"] == "Bearer t0k"
    assert download.calls.last.request.headers["Accept-Encoding"] == "identity"


def test_whatsapp_says_what_it_must_come_to(north, network, files):
    network.get(f"{GRAPH}/901").respond(json={"url": PLACE, "sha256": "0" * 64})
    network.get(PLACE).respond(content=OGG)
    media = fetched(announced("whatsapp", kind="audio", ref="901"))

    assert (media.state, media.reason) == ("refused", "damaged")
    assert not stored_files(files)


def test_telegram_by_getfile(north, network):
    network.post("https://api.telegram.org/bot77:t0k/getFile").respond(
        json={"ok": True, "result": {"file_id": "f1", "file_path": "photos/file 1.jpg"}}
    )
    place = network.get("https://api.telegram.org/file/bot77:t0k/photos/file%201.jpg")
    place.respond(content=PNG)
    media = fetched(announced("telegram", ref="f1"))

    assert media.state == "stored"


def test_twilio_by_redirect_and_without_showing_the_credentials_further(north, network):
    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
    first = network.get(url)
    first.respond(307, headers={"Location": "https://mms.twiliocdn.com/AC1/x"})
    second = network.get("https://mms.twiliocdn.com/AC1/x").respond(content=PNG)
    media = fetched(announced("twilio", url=url))

    assert media.state == "stored"
    assert first.calls.last.request.headers["Authorization"].startswith("Basic ")
    assert "Authorization" not in second.calls.last.request.headers


def test_a_redirect_is_followed_for_nobody_else(north, network):
    url = "https://cdn.fbsbx.com/a.jpg"
    network.get(url).respond(302, headers={"Location": "https://elsewhere.example/"})
    media = fetched(announced(url=url))

    assert (media.state, media.reason) == ("failed", "rejected")


def test_tiktok_by_conversation_and_message(north, network):
    api = "https://business-api.tiktok.com/open_api/v1.3"
    asked = network.post(f"{api}/business/message/media/download/").respond(
        json={"code": 0, "data": {"download_url": "https://p16.tiktokcdn.com/a"}}
    )
    network.get("https://p16.tiktokcdn.com/a").respond(content=PNG)
    body = b'{"content": "{\\"conversation_id\\": \\"c1\\", \\"message_id\\": \\"m1\\"}"}'
    media = fetched(
        announced("tiktok", ref="media-1", event={"kind": "im_receive_msg", "body": body})
    )

    assert media.state == "stored"
    assert b'"message_id":"m1"' in asked.calls.last.request.content.replace(b" ", b"")


LETTER = (
    b"From: ada@example.com\r\nTo: shop@north.example\r\nSubject: Hi\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
    b"See the picture.\r\n--b\r\nContent-Type: image/png\r\n"
    b'Content-Disposition: attachment; filename="bike.png"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n"
)


def test_a_part_of_a_letter(north, network):
    import base64

    letter = LETTER + base64.b64encode(PNG) + b"\r\n--b--\r\n"
    media = fetched(
        announced("email", ref="part:0", name="bike.png", event={"kind": "letter", "body": letter})
    )

    assert (media.state, media.mime, media.name) == ("stored", "image/png", "bike.png")


def test_a_letter_that_is_not_kept_any_more(north, network):
    media = fetched(announced("email", ref="part:0"))

    assert (media.state, media.reason) == ("failed", "expired")


@pytest.mark.parametrize("status", [403, 404, 410])
def test_what_the_network_keeps_no_longer_can_be_asked_for_again(north, network, status, work):
    url = "https://cdn.fbsbx.com/a.jpg"
    route = network.get(url).respond(status)
    media = fetched(announced(url=url))
    assert (media.state, media.reason) == ("failed", "expired")

    route.respond(content=PNG)
    assert fetching.try_again(media=media)
    work()
    media.refresh_from_db()
    assert media.state == "stored"


def test_a_network_that_is_down_is_asked_again_and_then_given_up(north, network):
    url = "https://cdn.fbsbx.com/a.jpg"
    route = network.get(url).respond(503)
    media = fetched(announced(url=url))
    assert (media.state, media.attempts) == ("pending", 1)
    assert media.next_attempt_at is not None
    assert media.next_attempt_at > timezone.now()
    assert fetched(media).attempts == 1  # not before its time

    for _ in range(fetching.MAX_ATTEMPTS):
        media = come_round(media)
    assert (media.state, media.reason) == ("failed", "unreachable")
    assert route.call_count == fetching.MAX_ATTEMPTS


def test_a_worker_that_died_leaves_neither_a_claim_nor_a_file(north, network, files):
    network.get("https://cdn.fbsbx.com/a.jpg").respond(content=PNG)
    media = announced(url="https://cdn.fbsbx.com/a.jpg")
    dead = fetching._claim(media.pk)
    half = files / dead.path
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half of it")

    assert fetching.fetch(media_id=media.pk) == ""  # claimed
    Media.objects.update(
        claimed_until=timezone.now() - timedelta(seconds=1),
        created_at=timezone.now() - timedelta(minutes=1),
    )
    assert upkeep.ring_pending() == 1
    media = fetched(media)
    assert media.state == "stored"
    assert len(stored_files(files)) == 1


def test_two_workers_store_one_file(north, network, files):
    """The slower one finds that the row has moved on, and takes its own file away."""
    media = announced(url="https://cdn.fbsbx.com/a.jpg")
    overtaken: list[object] = []

    def slow(request):
        if not overtaken:
            overtaken.append(request)
            Media.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
            assert fetching.fetch(media_id=media.pk) == "stored"
        return respx.MockResponse(content=PNG)

    network.get("https://cdn.fbsbx.com/a.jpg").mock(side_effect=slow)

    assert fetching.fetch(media_id=media.pk) == ""
    media.refresh_from_db()
    assert media.state == "stored"
    assert b"".join(read(media)) == PNG
    assert len(stored_files(files)) == 1


def test_erased_while_it_was_on_its_way(north, network, files):
    media = announced(url="https://cdn.fbsbx.com/a.jpg")

    def erase(request):
        media.message.conversation.contact.delete()
        return respx.MockResponse(content=PNG)

    network.get("https://cdn.fbsbx.com/a.jpg").mock(side_effect=erase)

    assert fetching.fetch(media_id=media.pk) == ""
    assert not stored_files(files)


@pytest.mark.parametrize("content", [b"<html>Sorry</html>", b"Not found", b'{"error": 1}'])
def test_words_instead_of_a_picture_are_not_kept(north, network, content):
    network.get("https://cdn.fbsbx.com/a.jpg").respond(content=content)
    media = fetched(announced(url="https://cdn.fbsbx.com/a.jpg"))

    assert (media.state, media.reason) == ("refused", "mismatch")


def test_the_other_company_can_neither_see_nor_fetch_it(north, south, network):
    network.get("https://cdn.fbsbx.com/a.jpg").respond(content=PNG)
    media = announced(url="https://cdn.fbsbx.com/a.jpg")

    with context.inside(south):
        assert fetching.fetch(media_id=media.pk) == ""
        assert not Media.objects.exists()
    assert fetched(media).state == "stored"


def test_a_message_without_files_costs_no_query(north):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from channels_app.providers.values import InboundMessage, Person
    from channels_app.services.receiving import receive

    telegram = make_connection()
    said = InboundMessage(external_id="1:1", sender=Person(id="1"), sent_at=None, text="Hello")
    with CaptureQueriesContext(connection) as asked:
        receive(InboundEvent(connection=telegram), said)

    assert len(asked) > 0
    assert not [query for query in asked if "channels_app_media" in query["sql"]]


def test_taken_back_is_erased(north, network, files, django_capture_on_commit_callbacks):
    from channels_app.providers.values import InboundDelete
    from channels_app.services.changes import delete

    network.get("https://cdn.fbsbx.com/a.jpg").respond(content=PNG)
    media = fetched(announced(url="https://cdn.fbsbx.com/a.jpg"))
    message = media.message
    event = InboundEvent(connection=message.connection)

    with django_capture_on_commit_callbacks(execute=True):
        delete(event, InboundDelete(external_id=message.external_id, at=None))

    assert not Media.objects.exists()
    assert not stored_files(files)


def test_an_orphan_is_cleared_away_once_it_is_old(north, south, files, network):
    network.get("https://cdn.fbsbx.com/a.jpg").respond(content=PNG)
    kept = fetched(announced(url="https://cdn.fbsbx.com/a.jpg"))
    with context.inside(south):
        foreign = fetched(announced(url="https://cdn.fbsbx.com/a.jpg"))
    orphan = fetched(announced(url="https://cdn.fbsbx.com/a.jpg"))
    Media.objects.filter(pk=orphan.pk)._raw_delete("default")

    assert upkeep.clear_orphans() == 0  # an uncommitted upload may look the same
    assert upkeep.clear_orphans(young=timedelta(0)) == 1
    left = {str(each.relative_to(files)) for each in stored_files(files)}
    assert left == {kept.path, foreign.path}


def test_uploads_that_nobody_sent_go_after_a_day(north, files, django_capture_on_commit_callbacks):
    from channels_app.media.services import store_upload

    old, young = (store_upload(content=PNG, name="a.png") for _ in range(2))
    Media.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))

    with django_capture_on_commit_callbacks(execute=True):
        assert upkeep.let_unused_go() == 1
    assert [each.pk for each in Media.objects.all()] == [young.pk]
    assert len(stored_files(files)) == 1
