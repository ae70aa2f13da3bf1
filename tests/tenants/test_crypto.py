"""Secrets at rest: what opens, what does not, and how keys change under running processes."""

import base64
import json
from datetime import timedelta
from typing import ClassVar

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django import forms
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tenants import context, crypto, rotation
from tenants.fields import EncryptedBytesField, EncryptedJSONField, EncryptedTextField
from tenants.models import Company, PlatformApp, PlatformKeyring


class Secret(models.Model):
    """A table that exists in these tests only."""

    text = EncryptedTextField(default="", blank=True)
    maybe = EncryptedTextField(null=True, blank=True)
    facts = EncryptedJSONField(default=dict)
    body = EncryptedBytesField(default=b"")

    objects: ClassVar[models.Manager["Secret"]] = models.Manager()

    class Meta:
        app_label = "tests_only"


@pytest.fixture
def table(north):
    with connection.schema_editor() as editor:
        editor.create_model(Secret)


@pytest.fixture
def columns(table, monkeypatch):
    """A company whose only encrypted columns are those of the test table."""
    found = [f for f in Secret._meta.local_concrete_fields if hasattr(f, "to_plain")]
    monkeypatch.setattr(rotation, "encrypted_columns", lambda: iter(found))


@pytest.fixture(autouse=True)
def forget_keys():
    yield
    for schema in ("public", "north", "south"):
        crypto.forget(schema)


def stored(row, column):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM tests_only_secret WHERE id = %s", [row.pk])  # noqa: S608
        return bytes(cursor.fetchone()[0])


# -- values


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_survives_the_journey(text):
    field = EncryptedTextField()

    assert field.of_plain(field.to_plain(text)) == text


def test_values_come_back_as_they_went(table):
    strange = "nul \x00 · lone \ud800 · שלום · 🚲 · "
    row = Secret.objects.create(text=strange, facts={"n": [1, None, "ü"]}, body=b"\x00\xff")
    row.refresh_from_db()

    assert (row.text, row.maybe, row.facts, row.body) == (
        strange,
        None,
        {"n": [1, None, "ü"]},
        b"\x00\xff",
    )
    assert Secret.objects.values_list("text", flat=True).get() == strange


def test_nothing_of_a_value_can_be_read_from_the_table(table):
    row = Secret.objects.create(text="ana@example.com", body=b"ana@example.com")

    assert b"ana" not in stored(row, "text") + stored(row, "body")


def test_the_same_value_never_looks_the_same(table):
    first, second = (Secret.objects.create(text="same") for _ in range(2))

    assert stored(first, "text") != stored(second, "text")


def test_every_way_of_writing_encrypts(table):
    rows = Secret.objects.bulk_create([Secret(text="a"), Secret(text="b")])
    rows[0].text = "changed"
    Secret.objects.bulk_update(rows, ["text"])
    Secret.objects.filter(pk=rows[1].pk).update(text="updated")

    assert [row.text for row in Secret.objects.order_by("pk")] == ["changed", "updated"]
    assert b"changed" not in stored(rows[0], "text")


def test_a_deferred_value_is_opened_when_it_is_asked_for(table):
    Secret.objects.create(text="later")

    assert Secret.objects.defer("text").get().text == "later"


@pytest.mark.parametrize("lookup", ["text", "text__contains", "text__in", "text__gt"])
def test_an_encrypted_column_cannot_be_searched(table, lookup):
    with pytest.raises(FieldError, match="blind index"):
        list(Secret.objects.filter(**{lookup: "x"}))
    assert list(Secret.objects.filter(maybe__isnull=True)) == []


def test_forms_show_text_and_json_as_people_know_them():
    class SecretForm(forms.ModelForm):
        class Meta:
            model = Secret
            fields = ("text", "facts")

    form = SecretForm({"text": "hello", "facts": '{"a": 1}'})

    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"text": "hello", "facts": {"a": 1}}


def test_a_value_opens_in_its_own_company_and_column_only(north, south):
    sealed = crypto.encrypt(b"secret", column="t.a")

    assert crypto.decrypt(sealed, column="t.a") == b"secret"
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(sealed, column="t.b")
    with context.inside(south), pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(sealed, column="t.a")
    context.leave()
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(sealed, column="t.a")


@pytest.mark.parametrize("damage", [b"", b"\x01", b"\x01short", b"\xfe" + bytes(40)])
def test_damage_is_named(north, damage):
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(damage, column="t.a")


@given(position=st.integers(0, 34), bit=st.integers(0, 7))
def test_no_bit_can_be_changed_unnoticed(position, bit):
    key = AESGCM(bytes(32))
    sealed = bytearray(bytes(12) + key.encrypt(bytes(12), b"seven!!", b"t"))
    sealed[position % len(sealed)] ^= 1 << bit

    with pytest.raises(InvalidTag):
        key.decrypt(bytes(sealed[:12]), bytes(sealed[12:]), b"t")


def test_a_blind_index_folds_case_and_space_and_is_the_companys_own(north, south):
    mine = crypto.blind_index(" Ana@Example.com")

    assert mine == crypto.blind_index("ana@example.com")
    assert len(mine) == 32
    with context.inside(south):
        assert crypto.blind_index("ana@example.com") != mine


# -- keys


def rotate_elsewhere(company):
    """Another process gives the company a new key; this one has read the keyring before."""
    crypto.encrypt(b"warm", column="t.a")
    before = crypto._opened["north"]
    row = Company.objects.get(pk=company.pk)
    row.keyring = crypto.with_new_key(row.keyring, now=timezone.now().isoformat())
    row.save(update_fields=["keyring"])
    crypto.forget("north")
    sealed = crypto.encrypt(b"new", column="t.a")
    crypto._opened["north"] = before
    return sealed


def test_a_key_made_by_another_process_is_learnt_at_once(north):
    sealed = rotate_elsewhere(north)

    assert crypto.decrypt(sealed, column="t.a") == b"new"
    assert crypto.current_key_id() == 2


def test_a_destroyed_keyring_is_forgotten_within_a_minute(north, monkeypatch):
    sealed = crypto.encrypt(b"secret", column="t.a")
    Company.objects.filter(pk=north.pk).update(keyring={})
    monkeypatch.setattr(crypto, "REMEMBERED_SECONDS", -1)

    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(sealed, column="t.a")


def test_rotation_moves_every_value_to_the_new_key(north, columns, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 2)
    rows = [Secret.objects.create(text=f"text {n}", facts={"n": n}) for n in range(5)]

    done = rotation.rotate_keys(company=north)

    assert (done.current_key, done.values, done.dropped_keys) == (2, 15, [])
    assert {stored(row, "text")[0] for row in rows} == {2}
    assert [row.text for row in Secret.objects.order_by("pk")] == [f"text {n}" for n in range(5)]


def test_an_interrupted_rotation_is_finished_not_repeated(north, columns):
    row = Secret.objects.create(text="one")
    rotation._with_fresh_key(north, timezone.now())  # and then the machine went down

    done = rotation.rotate_keys(company=north)

    assert (done.current_key, done.values) == (2, 3)
    assert stored(row, "text")[0] == 2


def test_a_retired_key_is_dropped_when_nobody_can_need_it(north, columns):
    Secret.objects.create(text="one")
    rotation.rotate_keys(company=north)

    done = rotation.rotate_keys(company=north, now=timezone.now() + timedelta(hours=2))

    assert (done.current_key, done.dropped_keys) == (3, ["1"])
    assert set(Company.objects.get(pk=north.pk).keyring["keys"]) == {"2", "3"}
    assert Secret.objects.get().text == "one"


def test_second_factors_rotate_too(north, columns, people):
    from allauth.mfa.totp.internal.auth import TOTP

    factor = TOTP.activate(people["admin"], "JBSWY3DPEHPK3PXP").instance
    assert "JBSWY3DPEHPK3PXP" not in json.dumps(factor.data)
    before = dict(factor.data)

    rotation.rotate_keys(company=north)

    factor.refresh_from_db()
    assert factor.data != before
    from allauth.mfa.adapter import get_adapter

    assert get_adapter().decrypt(factor.data["secret"]) == "JBSWY3DPEHPK3PXP"


def test_a_new_master_key_rewraps_every_keyring(north, settings, capsys):
    sealed = crypto.encrypt(b"secret", column="t.a")
    context.leave()
    PlatformApp.objects.create(platform="meta", secret="app secret")
    old = settings.MASTER_KEYS[0]
    fresh = base64.b64encode(bytes(range(32))).decode()

    settings.MASTER_KEYS = [fresh, old]
    call_command("rotate_keys", master=True)
    settings.MASTER_KEYS = [fresh]
    for schema in ("public", "north"):
        crypto.forget(schema)

    assert PlatformApp.objects.get(platform="meta").secret == "app secret"
    context.enter("north")
    assert crypto.decrypt(sealed, column="t.a") == b"secret"
    assert json.loads(capsys.readouterr().out)["rewrapped_keyrings"] == 3


def test_a_wrong_master_key_says_so(north, settings):
    settings.MASTER_KEYS = [base64.b64encode(bytes(32)).decode()]
    crypto.forget("north")

    with pytest.raises(crypto.CannotDecrypt, match="MASTER_KEYS"):
        crypto.encrypt(b"x", column="t.a")


def test_public_has_keys_of_its_own(public):
    assert PlatformKeyring.objects.count() == 1
    assert crypto.decrypt(crypto.encrypt(b"x", column="t.a"), column="t.a") == b"x"


@pytest.mark.parametrize("arguments", [{}, {"company": "north", "master": True}])
def test_the_command_asks_for_one_of_the_two(public, arguments):
    with pytest.raises(CommandError, match="either") as refused:
        call_command("rotate_keys", **arguments)
    assert refused.value.returncode == 2


def test_the_command_reports_in_json(north, columns, capsys):
    Secret.objects.create(text="one")
    context.leave()

    call_command("rotate_keys", company="north")

    said = json.loads(capsys.readouterr().out)
    assert (said["company"], said["current_key"], said["values"]) == ("north", 2, 3)


def test_every_encrypted_column_of_a_company_is_rotated():
    found = {f"{c.model._meta.label}.{c.name}" for c in rotation.encrypted_columns()}

    assert not any(name.startswith("tenants.") for name in found)  # public's own
