"""Forms say what is wrong beside the field, and do what they promise."""

import re
from datetime import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from channels_app.models import ChannelConnection
from crm.models import CrmConnection
from knowledge.models import Document
from tenants.accounts.models import ApiKey, User
from tenants.workspace.models import Profile


def test_an_uploaded_file_becomes_a_document(sign_in):
    file = SimpleUploadedFile("opening-hours.txt", b"We are open from 9 to 19.")

    answer = sign_in("agent").post(reverse("knowledge:upload"), {"upload-file": file})

    assert answer.url == reverse("knowledge:documents")
    assert Document.objects.get().source_name == "opening-hours.txt"


def test_a_file_that_lies_about_its_kind_is_refused_beside_the_field(sign_in):
    file = SimpleUploadedFile("prices.pdf", b"just text")

    answer = sign_in("agent").post(reverse("knowledge:upload"), {"upload-file": file})

    assert answer.status_code == 422
    assert 'id="id_upload-file_error"' in answer.content.decode()
    assert not Document.objects.exists()


def test_pasted_text_becomes_a_document(sign_in):
    sign_in("agent").post(
        reverse("knowledge:paste"), {"paste-title": "Hours", "paste-text": "Open from 9."}
    )

    assert Document.objects.get().title == "Hours"


def test_the_same_words_again_are_said_to_be_known(sign_in):
    person = sign_in("agent")
    for name in ("hours.txt", "hours-2.txt"):
        file = SimpleUploadedFile(name, b"We are open from 9 to 19.")
        answer = person.post(reverse("knowledge:upload"), {"upload-file": file}, follow=True)

    assert "says exactly this already" in answer.content.decode()
    assert Document.objects.count() == 1


def test_a_spreadsheet_without_the_columns_is_refused_beside_the_field(sign_in):
    file = SimpleUploadedFile("prices.csv", b"room,price,tax\nDouble,90,10\n")

    page = (
        sign_in("agent").post(reverse("knowledge:upload"), {"upload-file": file}).content.decode()
    )

    assert 'id="id_upload-file_error"' in page
    assert "Name two columns" in page


def test_a_pasted_web_page_is_read_as_one(sign_in):
    text = "<!doctype html><h1>Hours</h1><p>Open from 9.</p><script>x()</script>"

    sign_in("agent").post(reverse("knowledge:paste"), {"paste-title": "Hours", "paste-text": text})

    assert Document.objects.get().kind == "html"


def test_the_file_dialog_offers_every_kind(sign_in):
    page = sign_in("agent").get(reverse("knowledge:documents")).content.decode()

    for suffix in (".pdf", ".docx", ".html", ".csv", ".md", ".txt"):
        assert suffix in page


def test_a_channel_is_connected_and_shows_where_the_network_must_call(sign_in):
    answer = sign_in("admin").post(
        reverse("channels_app:add", args=["telegram"]),
        {
            "name": "Shop bot",
            "account_id": "7000000009",
            "config-bot_token": "7000000009:abc",
            "config-secret_token": "a-secret-of-some-length",
        },
        follow=True,
    )

    made = ChannelConnection.objects.get()
    assert "/webhooks/telegram/" in answer.content.decode()
    assert made.name == "Shop bot"
    assert "7000000009:abc" not in answer.content.decode()


def test_a_secret_left_to_us_is_shown_once(sign_in):
    browser = sign_in("admin")
    answers = {"name": "Bot", "account_id": "7000000008", "config-bot_token": "7000000008:abc"}

    made = browser.post(reverse("channels_app:add", args=["telegram"]), answers)

    connection = ChannelConnection.objects.get()
    secret = connection.config["secret_token"]
    later = browser.get(reverse("channels_app:channel", args=[connection.pk]))
    assert secret in made.content.decode()
    assert secret not in later.content.decode()


def test_a_channel_without_its_secrets_is_asked_for_them(sign_in):
    answer = sign_in("admin").post(reverse("channels_app:add", args=["telegram"]), {})

    assert answer.status_code == 422
    assert answer.context["form"].errors["account_id"]
    assert answer.context["config_form"].errors


def test_a_crm_is_connected(sign_in):
    sign_in("admin").post(
        reverse("crm:add", args=["hubspot"]), {"name": "Sales", "config-token": "pat-x"}
    )

    assert CrmConnection.objects.get().name == "Sales"


def test_a_key_is_shown_once(sign_in):
    browser = sign_in("admin")

    made = browser.post(
        reverse("workspace:keys"), {"name": "Website", "role": "viewer", "reach": "all"}
    )
    again = browser.get(reverse("workspace:keys"))

    full_key = re.search(r"lw_north_[0-9a-f]{8}_[\w-]+", made.content.decode()).group()
    assert ApiKey.objects.get().matches(full_key)
    assert full_key not in again.content.decode()


def test_a_revoked_key_opens_nothing(sign_in):
    browser = sign_in("admin")
    browser.post(reverse("workspace:keys"), {"name": "Website", "role": "viewer", "reach": "all"})

    browser.post(reverse("workspace:revoke", args=[ApiKey.objects.get().pk]))

    assert not ApiKey.objects.get().is_usable


def test_an_invited_colleague_chooses_a_password_and_is_in(sign_in, client, mailoutbox):
    page = sign_in("admin").post(
        reverse("workspace:team"), {"email": "Eve@North.example", "name": "Eve", "role": "agent"}
    )
    link = page.context["link"]
    assert link in mailoutbox[0].body
    client.logout()

    step = client.get(link, follow=True)
    chosen = {"password1": "a quiet blue door", "password2": "a quiet blue door"}
    client.post(step.request["PATH_INFO"], chosen)
    answer = client.post(
        "/accounts/login/", {"login": "eve@north.example", "password": "a quiet blue door"}
    )

    assert answer.url == "/"
    assert User.objects.get(email="eve@north.example").role == "agent"


def test_nobody_is_invited_twice(sign_in, people):
    answer = sign_in("admin").post(
        reverse("workspace:team"), {"email": people["agent"].email, "role": "agent"}
    )

    assert answer.status_code == 422
    assert answer.context["form"].errors["email"]


def test_the_last_admin_stays(sign_in, people):
    admin = people["admin"]

    sign_in("admin").post(
        reverse("workspace:member", args=[admin.pk]),
        {f"{admin.pk}-role": "viewer", f"{admin.pk}-is_active": "on"},
    )

    admin.refresh_from_db()
    assert admin.role == "admin"


SETTINGS = {
    "company_name": "North & Sons",
    "time_zone": "Asia/Riyadh",
    "about": "We sell chairs.",
    "tone": "Calm.",
    "languages": "en, ar",
    "refusal": "en: I do not know.\nar: لا أعرف.",
    "confidence_gate": "0.8",
    "quiet_seconds": "2",
    "ai_enabled": "on",
    "silence_minutes": "15",
    "person_minutes": "90",
    "quiet_from": "21:00",
    "quiet_to": "07:30",
    "disclosure_hours": "24",
    "retention_days": "30",
}


def test_settings_are_what_the_next_message_is_handled_by(sign_in, north):
    answer = sign_in("admin").post(reverse("workspace:settings"), SETTINGS)

    profile = Profile.current()
    north.refresh_from_db()
    assert answer.status_code == 302
    assert profile.refusal == {"en": "I do not know.", "ar": "لا أعرف."}
    assert profile.languages == ["en", "ar"]
    assert (profile.quiet_from, profile.quiet_to) == (time(21), time(7, 30))
    assert (north.name, north.time_zone) == ("North & Sons", "Asia/Riyadh")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("confidence_gate", "7"),
        ("quiet_seconds", "-1"),
        ("silence_minutes", "0"),
        ("person_minutes", "20000"),
        ("quiet_to", ""),
        ("languages", "english"),
        ("refusal", "no colon here"),
        ("time_zone", "Mars/Base"),
        ("company_name", ""),
        ("retention_days", "many"),
    ],
)
def test_settings_that_make_no_sense_are_not_saved(sign_in, field, value):
    answer = sign_in("admin").post(reverse("workspace:settings"), {**SETTINGS, field: value})

    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert Profile.current().retention_days == 90


def test_a_lead_moves_on_with_its_history(sign_in, scene):
    sign_in("agent").post(
        reverse("leads:stage", args=[scene.lead.pk]), {"stage": "qualified", "reason": "Called."}
    )

    scene.lead.refresh_from_db()
    page = sign_in("agent").get(reverse("leads:lead", args=[scene.lead.pk])).content.decode()
    assert scene.lead.stage == "qualified"
    assert "Called." in page


def test_a_dead_record_is_tried_again(sign_in, scene):
    sign_in("admin").post(reverse("crm:retry"), {"record": scene.record.pk})

    scene.record.refresh_from_db()
    assert scene.record.state == "dirty"


def test_a_question_without_an_answer_says_where_it_would_go(sign_in):
    answer = sign_in("agent").post(reverse("agents:ask"), {"question": "Do you sell submarines?"})

    assert "Would go to a person" in answer.content.decode()
