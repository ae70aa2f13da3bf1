"""connect_channel and play, as a shell meets them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.management import CommandError, call_command

from channels_app import services
from channels_app.models import ChannelConnection
from tenants import context, platform_apps
from tests.channels_app.conftest import connected
from tests.channels_app.test_webhooks import TEXT


@pytest.fixture
def run(north, capsys):
    def command(*args: str) -> list[dict]:
        context.leave()
        try:
            call_command(*args)
        finally:
            context.enter_company(north)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return command


def test_a_channel_is_connected_and_its_secrets_shown_once(run):
    (said,) = run(
        "connect_channel", "whatsapp", "--company", "north", "--account-id", "901",
        "--token", "t", "--secret", "Meta's",
    )  # fmt: skip
    connection = ChannelConnection.objects.get()
    assert said["id"] == connection.pk
    assert said["webhook_url"] == services.webhook_url(connection)
    assert said["verify_token"] == connection.config["verify_token"]  # ours to choose
    assert connection.config["app_secret"] == "Meta's"
    assert not {"token", "secret"} & set(said)


def test_what_only_the_network_can_tell_is_asked_for_and_never_made_up(run, settings):
    settings.META_APP_SECRET = ""
    platform_apps.forget_apps()
    args = ("connect_channel", "whatsapp", "--company", "north", "--account-id", "901")
    with pytest.raises(CommandError, match="Give --secret: the app secret, which only WhatsApp"):
        run(*args)
    assert not ChannelConnection.objects.exists()
    settings.META_APP_SECRET = "the operator's"
    platform_apps.forget_apps()
    run(*args)
    connection = ChannelConnection.objects.get()
    assert (connection.config["app_secret"], connection.config["access_token"]) == ("", "")


def test_a_web_chat_needs_no_account_id_and_says_its_tag(run):
    site = "allowed_origins=https://www.acme.example"
    (said,) = run("connect_channel", "webchat", "--company", "north", "--set", site)
    connection = ChannelConnection.objects.get()
    assert said["script_tag"].endswith(f'/chat/{connection.webhook_token}.js" async></script>')
    assert said["secret"] == connection.config["identity_secret"]
    assert connection.config["allowed_origins"] == "https://www.acme.example"
    run("connect_channel", "webchat", "--company", "north")  # a second one, not the same again
    assert ChannelConnection.objects.count() == 2


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["fax", "--company", "north", "--account-id", "1"], "choose from"),
        (["telegram", "--company", "nobody", "--account-id", "1"], "There is no company"),
        (["telegram", "--company", "north", "--account-id", "1", "--secret", "a b"], "valid"),
    ],
)
def test_bad_arguments_are_one_sentence_and_exit_2(run, args, sentence):
    with pytest.raises(CommandError, match=sentence) as error:
        run("connect_channel", *args)
    assert error.value.returncode == 2


def test_play_without_a_connection_says_what_to_do(run, tmp_path):
    file = tmp_path / "text.json"
    file.write_bytes(TEXT)
    with pytest.raises(CommandError, match="Connect messenger first"):
        run("play", "messenger", str(file), "--company", "north")
    connected("messenger", "77")
    with pytest.raises(CommandError, match="There is no file"):
        run("play", "messenger", "nowhere.json", "--company", "north")
    with pytest.raises(CommandError, match="does not answer"):
        run("play", "messenger", str(file), "--company", "north", "--url", "http://127.0.0.1:9")


def test_play_signs_each_file_and_tells_each_items_fate(run, tmp_path, monkeypatch):
    connection = connected("messenger", "77")
    got: list[tuple[str, dict, bytes]] = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    file = tmp_path / "text.json"
    file.write_bytes(TEXT)
    (event_id,) = services.store(
        connection_id=connection.pk, items=connection.provider().split(TEXT)
    )
    services.ingest(event_id=event_id)

    said = run(
        "play", "messenger", str(file), "--company", "north",
        "--url", f"http://127.0.0.1:{server.server_port}",
    )  # fmt: skip
    server.shutdown()
    server.server_close()

    ((path, headers, body),) = got
    assert path.endswith(f"/{connection.webhook_token}/")
    connection.provider().verify(headers, body)
    assert [(line["item"], line["status"], line["outcome"]) for line in said] == [
        (1, 200, "message")
    ]


def test_any_other_setting_of_the_platform_is_set_by_its_name(run):
    run(
        "connect_channel", "twilio", "--company", "north", "--account-id", "+15550001234",
        "--token", "t", "--set", "account_sid=AC01",
    )  # fmt: skip
    assert ChannelConnection.objects.get().config["account_sid"] == "AC01"


def test_a_setting_without_a_value_is_one_sentence(run):
    with pytest.raises(CommandError, match="NAME=VALUE"):
        run("connect_channel", "twilio", "--company", "north", "--account-id", "+1", "--set", "x")
