"""What people hand us: weighed, locked away, handed out again by links that end."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_app.media import links, upkeep, vault
from channels_app.media.services import (
    MediaRefused,
    read,
    signed_url,
    store_upload,
    stored_bytes,
)
from channels_app.models import Media
from tenants import context
from tenants.crypto import CannotDecrypt
from tests.factories import make_user
from tests.media.conftest import EXE, OGG, PDF, PNG, SVG, png, stored_files


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 65_537, 131_072, 200_001])
def test_what_goes_in_comes_out(north, size):
    content = bytes(range(251)) * (size // 251 + 1)
    media = store_upload(content=content[:size], name="a.bin")

    assert b"".join(read(media)) == content[:size]
    assert (media.size, media.state) == (size, "stored")


@pytest.mark.parametrize(
    ("start", "length"), [(0, 1), (65_530, 12), (65_536, 65_536), (199_000, 99)]
)
def test_a_part_is_read_without_the_rest(north, start, length):
    content = bytes(range(251)) * 800
    media = store_upload(content=content, name="a.bin")

    assert b"".join(read(media, start=start, length=length)) == content[start : start + length]


def test_on_disk_it_is_locked(north, files):
    store_upload(content=PDF * 50, name="offer.pdf")

    [file] = stored_files(files)
    assert b"%PDF" not in file.read_bytes()
    assert "/lw/north/media/" in str(file)


def test_another_company_cannot_open_a_copy(north, south):
    media = store_upload(content=PDF, name="offer.pdf")

    with context.inside(south), pytest.raises(CannotDecrypt):
        list(vault.read(path=media.path, key=media.key, size=media.size))


@pytest.mark.parametrize("damage", ["flip", "swap", "cut"])
def test_a_damaged_file_is_not_handed_out(north, files, damage):
    media = store_upload(content=bytes(150_000), name="a.bin")
    [file] = stored_files(files)
    locked, piece = file.read_bytes(), vault.PIECE + vault.TAG
    file.write_bytes(
        {
            "flip": locked[:-1] + bytes([locked[-1] ^ 1]),
            "swap": locked[piece : 2 * piece] + locked[:piece] + locked[2 * piece :],
            "cut": locked[: 2 * piece],
        }[damage]
    )

    with pytest.raises(CannotDecrypt):
        b"".join(read(media))


@pytest.mark.parametrize(("content", "code"), [(b"", "empty"), (b"x" * 2_000, "too_large")])
def test_what_may_not_stay_leaves_nothing(north, files, settings, content, code):
    settings.MEDIA_MAX_BYTES = 1_000

    with pytest.raises(MediaRefused) as refused:
        store_upload(content=content, name="a")

    assert refused.value.code == code
    assert not Media.objects.exists()
    assert not stored_files(files)


def test_a_full_workspace_takes_no_more_and_the_other_still_does(north, south, settings):
    settings.MEDIA_QUOTA_BYTES = 1_500
    store_upload(content=b"x" * 1_000, name="a")

    with pytest.raises(MediaRefused, match="no room"):
        store_upload(content=b"x" * 1_000, name="b")
    with context.inside(south):
        assert store_upload(content=b"x" * 1_000, name="b").is_stored


def test_two_that_fit_singly_do_not_both_find_the_same_room(north, settings, monkeypatch):
    """While one is on its way to the storage another is weighed."""
    settings.MEDIA_QUOTA_BYTES = 1_500
    put_away, seen = vault.Locked.put_away, []

    def meanwhile(locked):
        monkeypatch.setattr(vault.Locked, "put_away", put_away)
        with pytest.raises(MediaRefused) as refused, CaptureQueriesContext(connection) as asked:
            store_upload(content=b"x" * 1_000, name="b")
        seen.extend([refused.value.code, any("advisory" in each["sql"] for each in asked)])
        put_away(locked)

    monkeypatch.setattr(vault.Locked, "put_away", meanwhile)
    store_upload(content=b"x" * 1_000, name="a")

    assert seen == ["quota", True]
    assert stored_bytes() == 1_000


def test_room_that_somebody_died_over_is_free_again(north, settings, monkeypatch):
    settings.MEDIA_QUOTA_BYTES = 1_500

    def die(locked):
        raise OSError("gone")

    monkeypatch.setattr(vault.Locked, "put_away", die)
    with pytest.raises(OSError, match="gone"):
        store_upload(content=b"x" * 1_000, name="a")
    monkeypatch.undo()
    assert stored_bytes() == 1_000
    Media.objects.update(claimed_until=timezone.now())
    assert stored_bytes() == 0


def test_of_an_erased_company_no_file_is_left(north, south, settings, files):
    store_upload(content=PDF, name="ours.pdf")
    with context.inside(south):
        store_upload(content=PDF, name="theirs.pdf")
    assert upkeep.clear_erased_companies() == 0
    type(south).objects.filter(pk=south.pk).update(keyring={})
    assert upkeep.clear_erased_companies() == 1
    assert upkeep.clear_erased_companies() == 0
    assert not (files / "lw" / "south" / "media").exists()
    assert len(stored_files(files)) == 1


def test_erasing_a_company_clears_its_files_at_once(
    north, south, files, django_capture_on_commit_callbacks
):
    with context.inside(south):
        store_upload(content=PDF, name="theirs.pdf")
    south.keyring = {}
    context.leave()
    with django_capture_on_commit_callbacks(execute=True):
        south.save(update_fields=["keyring"])
    assert stored_files(files) == []


@pytest.fixture
def agent(client, north):
    client.force_login(make_user(role="agent"), backend="tenants.accounts.backends.CompanyBackend")
    return client


def body_of(response) -> bytes:
    return b"".join(response.streaming_content)


def test_a_member_sees_a_picture(agent):
    media = store_upload(content=PNG, name="bike.png")

    response = agent.get(signed_url(media))

    assert body_of(response) == PNG
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"].startswith("inline")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["ETag"] == f'"{media.sha256}"'
    assert "no-store" not in response["Cache-Control"]
    assert (
        agent.get(signed_url(media), headers={"If-None-Match": response["ETag"]}).status_code == 304
    )


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (SVG, "application/octet-stream"),
        (b"<html><script>alert(1)</script>", "application/octet-stream"),
        (b"<?xml version='1.0'?><x/>", "application/octet-stream"),
        (EXE, "application/octet-stream"),
        (PDF, "application/pdf"),
        (b"just words", "text/plain"),
        (png(9000, 9000)[:60] + PNG, "image/png"),
    ],
)
def test_what_could_do_harm_is_only_a_download(agent, content, mime):
    media = store_upload(content=content, name="innocent.png")

    for url, host in (
        (signed_url(media), "north.localhost"),
        (signed_url(media, public=True).removeprefix("http://localhost:8000"), "localhost"),
    ):
        response = agent.get(url, HTTP_HOST=host)
        assert response["Content-Type"] == mime
        assert response["Content-Disposition"].startswith("attachment")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=0-", 200, OGG),
        ("bytes=4-7", 206, OGG[4:8]),
        ("bytes=200-", 206, OGG[200:]),
        ("bytes=-5", 206, OGG[-5:]),
        ("bytes=10-99999", 206, OGG[10:]),
        ("bytes=99999-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=9-4", 416, None),
        ("bytes=0-1,3-4", 200, OGG),
        ("pages=1-2", 200, OGG),
    ],
)
def test_a_player_asks_for_a_part(agent, asked, status, expected):
    media = store_upload(content=OGG, name="voice.ogg")

    response = agent.get(signed_url(media), headers={"Range": asked})

    assert response.status_code == status
    if expected is not None:
        assert body_of(response) == expected
        assert int(response["Content-Length"]) == len(expected)


def test_a_part_of_another_version_is_not_mixed_in(agent):
    media = store_upload(content=OGG, name="voice.ogg")

    response = agent.get(signed_url(media), headers={"Range": "bytes=0-3", "If-Range": '"other"'})

    assert response.status_code == 200


def test_a_link_asks_for_a_session(client, north):
    media = store_upload(content=PNG, name="bike.png")

    response = client.get(signed_url(media))

    assert response.status_code == 302
    assert "/accounts/login" in response["Location"]


def test_a_link_ends(agent, monkeypatch):
    media = store_upload(content=PNG, name="bike.png")
    member, public = signed_url(media), signed_url(media, public=True)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3 * 3600)

    assert agent.get(member).status_code == 404
    assert ask_publicly(agent, public).status_code == 404


def ask_publicly(client, url, host="localhost"):
    return client.get("/" + url.partition("://")[2].partition("/")[2], HTTP_HOST=host)


def test_a_network_fetches_by_the_public_link(client, north):
    media = store_upload(content=PNG, name="bike.png")

    response = ask_publicly(client, signed_url(media, public=True))

    assert response.status_code == 200
    assert body_of(response) == PNG
    assert response["Content-Type"] == "image/png"


def test_a_link_serves_its_own_host_only(agent, north, south):
    """A public link opens nothing on a company's host, a member's nothing elsewhere."""
    media = store_upload(content=PNG, name="bike.png")
    member, public = signed_url(media), signed_url(media, public=True)

    assert ask_publicly(agent, public, host="north.localhost").status_code == 404
    assert ask_publicly(agent, public, host="south.localhost").status_code in {302, 404}
    assert agent.get(member, HTTP_HOST="localhost").status_code == 404
    with context.inside(south):
        agent.force_login(
            make_user(role="admin", email="a@south.example"),
            backend="tenants.accounts.backends.CompanyBackend",
        )
    assert agent.get(member, HTTP_HOST="south.localhost").status_code == 404


def test_another_companys_file_has_no_link_here(north, south):
    """The same id, asked for under the other company's name, is nobody's."""
    media = store_upload(content=PNG, name="bike.png")
    with context.inside(south):
        forged = links.public_link(media.pk)

    from django.test import Client

    assert ask_publicly(Client(), forged).status_code == 404


@pytest.mark.parametrize("token", ["x", "a:b", "....", "%00", "e30:abc"])
def test_a_made_up_link_opens_nothing(agent, token):
    assert agent.get(f"/media/{token}/").status_code == 404
    assert agent.get(f"/media/{token}/", HTTP_HOST="localhost").status_code == 404


def test_a_rotation_of_keys_leaves_files_readable(north, files, request):
    from tenants import crypto
    from tenants.rotation import rotate_keys

    # The rotation is rolled back; the process would use its key for a minute.
    request.addfinalizer(lambda: crypto.forget("north"))
    media = store_upload(content=PDF * 5_000, name="offer.pdf")
    [file] = stored_files(files)
    before = file.read_bytes()

    rotate_keys(company=north)

    media.refresh_from_db()
    assert b"".join(read(media)) == PDF * 5_000
    assert file.read_bytes() == before


def test_whoever_erases_a_contact_erases_the_files(
    north, files, django_capture_on_commit_callbacks
):
    from tests.factories import make_message

    message = make_message()
    media = store_upload(content=PNG, name="bike.png")
    Media.objects.filter(pk=media.pk).update(message=message)

    with django_capture_on_commit_callbacks(execute=True):
        message.conversation.contact.delete()

    assert not Media.objects.exists()
    assert not stored_files(files)


def test_any_storage_will_do(north, settings):
    """Only what Django's storages have in common is asked of one."""
    settings.STORAGES = {
        **settings.STORAGES,
        "media": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }

    media = store_upload(content=PNG * 5_000, name="bike.png")

    assert b"".join(read(media, start=70_000, length=9)) == (PNG * 5_000)[70_000:70_009]
    assert upkeep.clear_orphans(young=timedelta(0)) == 0
    Media.objects.filter(pk=media.pk)._raw_delete("default")
    assert upkeep.clear_orphans(young=timedelta(0)) == 1
