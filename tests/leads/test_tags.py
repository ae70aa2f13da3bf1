"""Tags are renamed, coloured, merged and let go; each lead's history says so."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from leads import services
from leads.models import Lead, Tag
from leads.services import tags
from tests.factories import make_lead


def tagged(name: str, count: int = 1) -> tuple[Tag, list[Lead]]:
    tag = services.make_tag(name=name, colour="pine", actor="user:1")
    leads = [make_lead() for _ in range(count)]
    for lead in leads:
        services.change_tags(lead=lead, add=[tag], actor="user:1")
    return tag, leads


def test_a_tag_is_renamed_where_nobody_has_the_name(north):
    vip, _leads = tagged("VIP")
    tagged("Trade")
    with pytest.raises(ValidationError, match="Merge"):
        services.change_tag(tag=vip, name="trade", colour="pine", actor="user:1")
    services.change_tag(tag=vip, name=" vip  gold ", colour="copper", actor="user:1")
    vip.refresh_from_db()
    assert (vip.name, vip.colour) == ("vip gold", "copper")


def test_a_merged_tag_is_replaced_on_every_lead(north, monkeypatch):
    monkeypatch.setattr(tags, "BATCH", 2)
    vip, leads = tagged("VIP", 3)
    gold, _ = tagged("Gold")
    services.change_tags(lead=leads[0], add=[gold], actor="user:1")
    services.retire_tag(tag=vip, into=gold, actor="user:1")
    assert services.make_tag(name="vip", actor="user:1") == gold  # seen no more, meant still
    assert list(Tag.objects.staying()) == [gold]
    tags.retire_next(tag_id=vip.pk)
    assert not Tag.objects.filter(pk=vip.pk).exists()
    assert all(list(lead.tags.all()) == [gold] for lead in leads)
    told = {(row.before, row.after) for row in leads[1].changes.filter(field="tag")}
    assert told == {("", "VIP"), ("VIP", ""), ("", "Gold")}


def test_a_deleted_tag_that_is_used_again_meanwhile_stays(north, monkeypatch):
    monkeypatch.setattr(tags, "BATCH", 1)
    vip, leads = tagged("VIP", 2)
    services.retire_tag(tag=vip, actor="user:1")
    assert services.make_tag(name="VIP", actor="user:1") == vip
    tags.retire_next(tag_id=vip.pk)
    assert list(leads[1].tags.all()) == [vip]


def test_the_page_and_the_api_do_the_same(sign_in):
    vip, leads = tagged("VIP", 2)
    gold, _ = tagged("Gold")
    admin = sign_in("admin")
    changed = {f"t{vip.pk}-name": "Very", f"t{vip.pk}-colour": "bad"}
    admin.post(reverse("leads:change_tag", args=[vip.pk]), changed)
    assert "2 leads" in admin.get(reverse("leads:tags")).content.decode()
    json = "application/json"
    listed = {
        row["name"]: row["leads"] for row in admin.get("/api/v1/lead-tags/").json()["results"]
    }
    assert listed == {"Very": 2, "Gold": 1}
    path = f"/api/v1/lead-tags/{vip.pk}/"
    assert admin.patch(path, {"name": "Gold"}, json).status_code == 400
    assert admin.patch(path, {"colour": "info"}, json).json()["colour"] == "info"
    assert sign_in("agent").patch(path, {"colour": "info"}, json).status_code == 403
    admin = sign_in("admin")
    assert admin.post(f"{path}merge/", {"into": gold.pk}, json).status_code == 204
    assert admin.get(f"/api/v1/lead-tags/{gold.pk}/").json()["leads"] == 3
    assert admin.delete(f"/api/v1/lead-tags/{gold.pk}/").status_code == 204
    assert not leads[0].tags.exists()
    made = admin.post("/api/v1/lead-tags/", {"name": "New"}, json)
    assert (made.status_code, made.json()["leads"]) == (201, 0)
