"""Leads out of a file and into one: guessed, looked at, taken once, and no formula among them."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from channels_app.models import Contact
from leads import tables
from leads.models import Lead, LeadImport
from leads.services import importing
from leads.services.importing import ImportRefused
from tenants import context
from tests.factories import make_contact, make_lead

SHEET = (
    "Full name;E-mail;Telephone;Stage;Tags;Weather\r\n"
    "Ada Byron;ada@acme.example;+34 600 11 22 33;Qualified;VIP, Trade;sun\r\n"
    '"Bob; the builder";bob@acme.example;;;;\r\n'
    ";;;;;\r\n"
    "Nobody;;;;;\r\n"
    "Eve;not an address;;sold;;\r\n"
)


def order_of(text=SHEET, **kwargs):
    content = text if isinstance(text, bytes) else text.encode()
    return importing.upload(file_name="leads.csv", content=content, actor="user:1", **kwargs)


def run(order):
    importing.start(order=order, actor="user:1")
    importing.import_next(import_id=order.pk)
    order.refresh_from_db()
    return order


class TestLooking:
    def test_columns_are_guessed_and_faults_told_before_anything_is_written(self, north):
        order = order_of()
        assert order.mapping == ["name", "email", "phone", "stage", "tags", ""]
        looked = importing.look(order)
        assert (looked.good, looked.bad) == (2, 2)
        assert list(looked.faults) == [
            (5, "", "nobody"),
            (6, "email", "no_email"),
            (6, "stage", "unknown"),
        ]
        assert looked.sample[0].values["phone"] == "+34600112233"
        assert not Contact.objects.exists()

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "no_header"),
            (b"name,email\n", "no_rows"),
            (b"PK\x03\x04\0\0", "not_text"),
            (b"a,b\n" + b"x" * tables.MOST_BYTES, "too_big"),
            (b"a\n" + b"x\n" * (tables.MOST_ROWS + 1), "too_many_rows"),
            (b"," * 80 + b"a\n1", "too_many_columns"),
        ],
    )
    def test_what_is_no_table_is_refused(self, north, content, code):
        with pytest.raises(ImportRefused) as refused:
            order_of(content)
        assert refused.value.code == code

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_as_spreadsheets_save_it(self, encoding):
        text = tables.decode("nombre\tcorreo\nJosé\tj@x.example".encode(encoding))
        header, rows = tables.read(text)
        assert tables.guess(header) == ["name", "email"]
        assert rows == [["José", "j@x.example"]]

    @given(st.binary(max_size=300))
    def test_no_bytes_break_it(self, content):
        try:
            _header, rows = tables.read(tables.decode(content))
        except (tables.NoTable, UnicodeDecodeError):
            return
        list(tables.rows_of(rows, ["email", "phone", "name"], stages={}, owners={}))

    def test_two_columns_are_not_one_field(self, north):
        order = order_of()
        with pytest.raises(ImportRefused, match="same field"):
            importing.remap(order=order, mapping=["email", "email"])
        order = importing.remap(order=order, mapping=["name", "fancy"])
        assert order.mapping == ["name", "", "", "", "", ""]
        with pytest.raises(ImportRefused, match="Say which column"):
            importing.start(order=order, actor="user:1")


class TestTaking:
    def test_each_good_line_is_a_lead_with_its_history(self, north):
        order = run(order_of())
        numbers = (order.made, order.changed, order.refused, order.state, order.content)
        assert numbers == (2, 0, 2, "done", "")
        ada = Lead.objects.earliest("pk")
        assert (ada.name, ada.stage, ada.score > 0) == ("Ada Byron", "qualified", True)
        assert {tag.name for tag in ada.tags.all()} == {"VIP", "Trade"}
        stage = ada.changes.filter(field="stage").first()
        assert (stage.actor, stage.reason) == ("user:1", "Imported from leads.csv")

    def test_the_same_file_again_changes_nothing(self, north):
        run(order_of())
        before = {lead.pk: lead.version for lead in Lead.objects.all()}
        again = run(order_of())
        assert (again.made, again.changed, again.unchanged) == (0, 0, 2)
        assert {lead.pk: lead.version for lead in Lead.objects.all()} == before

    def test_who_is_known_by_e_mail_or_phone_stays_one_lead(self, north):
        here = make_lead(contact=make_contact(name="Ada", phone="+34600112233"))
        order = run(order_of())
        assert (order.made, order.changed) == (1, 1)
        here.refresh_from_db()
        assert (here.email, here.stage) == ("ada@acme.example", "qualified")

    def test_a_crash_takes_up_where_it_was(self, north, monkeypatch):
        order = order_of()
        importing.start(order=order, actor="user:1")
        taken: list[int] = []
        take = importing._take

        def die(import_id, row):
            if taken:
                raise KeyboardInterrupt
            taken.append(row.number)
            take(import_id, row)

        monkeypatch.setattr(importing, "_take", die)
        with pytest.raises(KeyboardInterrupt):
            importing.import_next(import_id=order.pk)
        monkeypatch.undo()
        LeadImport.objects.update(moved_at="2026-01-01T00:00:00Z")
        assert importing.ring_stuck_imports() == {"imports": 1}
        importing.import_next(import_id=order.pk)
        importing.import_next(import_id=order.pk)
        order.refresh_from_db()
        assert (order.made, order.refused, order.state) == (2, 2, "done")
        assert Lead.objects.count() == 2

    def test_one_file_at_a_time(self, north):
        importing.start(order=order_of(), actor="user:1")
        with pytest.raises(ImportRefused, match="Another file"):
            importing.start(order=order_of(), actor="user:1")

    def test_the_other_company_sees_nothing_of_it(self, north, south):
        run(order_of())
        with context.inside(south):
            assert not Lead.objects.exists()
            assert not LeadImport.objects.exists()


class TestPages:
    def test_all_the_way(self, sign_in):
        agent = sign_in("agent")
        file = SimpleUploadedFile("leads.csv", SHEET.encode(), "text/csv")
        page = agent.post(reverse("leads:import"), {"file": file}, follow=True).content.decode()
        assert "2 lines can be taken, 2 cannot" in page
        assert "This is no e-mail address." in page
        order = LeadImport.objects.get()
        agent.post(reverse("leads:import_order", args=[order.pk]), {"column_1": "email"})
        agent.post(reverse("leads:import_start", args=[order.pk]))
        importing.import_next(import_id=order.pk)
        done = agent.get(reverse("leads:import_order", args=[order.pk])).content.decode()
        assert "4 / 4" in done
        assert agent.post(reverse("leads:import_start", args=[order.pk])).status_code == 302
        assert Lead.objects.count() == 2

    def test_a_file_that_is_none_is_refused_and_viewers_import_nothing(self, sign_in):
        assert sign_in("agent").post(reverse("leads:import")).status_code == 422
        assert sign_in("viewer").post(reverse("leads:import")).status_code == 403


class TestExport:
    def read(self, browser, query=""):
        answer = browser.get(f"{reverse('leads:export')}?{query}")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    def test_filters_apply_and_nothing_is_a_formula(self, sign_in):
        make_lead(contact=make_contact(name='=HYPERLINK("http://x")', phone="+34600112233"))
        make_lead(tier="hot")
        viewer = sign_in("viewer")
        (row,) = self.read(viewer, "tier=cold")
        assert row["name"] == '\'=HYPERLINK("http://x")'
        assert row["phone"] == "'+34600112233"
        assert len(self.read(viewer)) == 2

    def test_what_was_exported_is_imported_as_the_same_leads(self, sign_in):
        run(order_of())
        answer = sign_in("admin").get(reverse("leads:export"))
        again = run(order_of(b"".join(answer.streaming_content)))
        assert (again.made, again.changed, again.unchanged) == (0, 0, 2)

    @given(st.text(max_size=20))
    def test_a_guarded_cell_reads_back_as_it_was(self, text):
        assert not tables.guarded(text).startswith(tables.FORMULA)
        if not text.startswith("'"):
            assert tables.unguarded(tables.guarded(text)) == text
