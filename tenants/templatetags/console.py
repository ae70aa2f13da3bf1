"""Small words of our templates: icons, initials, the menu, numbers people can read."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zlib import crc32

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template import Context, Engine
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants import access, cards, live
from tenants import told as sentences
from tenants.context import PUBLIC, current_company, schema

register = template.Library()

TURNING = frozenset({"back", "next", "send", "logout", "crm", "checks"})  # mirrored right to left
THEMES = frozenset({"light", "dark"})
HUES = 8
REASONS = {
    "low_confidence": gettext_lazy("The AI was not sure enough what is meant."),
    "not_grounded": gettext_lazy("The company's knowledge has no answer to this."),
    "no_model_answered": gettext_lazy("No model answered in time."),
    "unsafe_reply": gettext_lazy("The drafted reply did not pass the checks."),
    "agent_asked_for_a_person": gettext_lazy("The AI found that a person should answer."),
    "budget": gettext_lazy("The budget for models is used up, and the answer is not sure."),
    "plan": gettext_lazy("This month's limit of what the AI may send is reached."),
    "repeated_failure": gettext_lazy("The AI failed several times."),
    "attachment_only": gettext_lazy("There is only an attachment, and no words."),
    "send_refused": gettext_lazy("The reply could not be sent."),
    "asked_for_human": gettext_lazy("They asked for a person."),
    "urgent": gettext_lazy("It is urgent."),
    "upset": gettext_lazy("They are upset."),
    "spam": gettext_lazy("It is spam."),
    "closing": gettext_lazy("They said goodbye; nothing is left to answer."),
    "already_answered": gettext_lazy("It was answered already."),
    "human_in_charge": gettext_lazy("A person leads this conversation."),
    "policy_never": gettext_lazy("The company's policy leaves this to a person."),
    "approval": gettext_lazy("The reply was left to a person's approval."),
    "delayed": gettext_lazy("The reply could be undone before it was sent."),
    "draft_rejected": gettext_lazy("The AI's draft was rejected."),
    "draft_expired": gettext_lazy("Nobody decided on the AI's draft in time."),
    "orders": gettext_lazy("They try to give the AI orders."),
    "legal": gettext_lazy("It is about the law."),
    "medical": gettext_lazy("It is about health."),
    "complaint": gettext_lazy("It is a complaint."),
    "refund": gettext_lazy("It is about money back."),
    "cancel": gettext_lazy("They want to cancel."),
    "money_promised": gettext_lazy("The reply promises money."),
    "privacy_in_public": gettext_lazy("It repeats their address or number in public."),
    "very_negative": gettext_lazy("They are very unhappy."),
    "negative": gettext_lazy("They are unhappy."),
    "sentences_dropped": gettext_lazy("Sentences without a source were left out."),
    "rewritten": gettext_lazy("Its first version did not pass the checks."),
    "language_uncertain": gettext_lazy("The language is not certain."),
    "first_public_reply": gettext_lazy("It is the first public answer to them."),
    "no_rule": gettext_lazy("The policy has no row for this."),
    "budget_used_up": gettext_lazy("The model budget is used up."),
    "conversation_moved_on": gettext_lazy("The conversation moved on meanwhile."),
}


@register.simple_tag
@lru_cache(maxsize=1_000)  # a list draws a hundred of them
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; without a label it is decoration."""
    turns = " icon--turns" if name in TURNING else ""
    sprite = static("leadwire/icons.svg")
    if label:
        return format_html(
            '<svg class="icon{}" role="img" aria-label="{}"><use href="{}#{}"></use></svg>',
            turns, label, sprite, name,
        )  # fmt: skip
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>', turns, sprite, name
    )


@register.simple_block_tag(takes_context=True)
def component(context: Context, content: str, name: str, **values: Any) -> str:
    """A piece of ``templates/components`` around what stands inside; it finds that as ``inner``,
    and nothing of the page but what it is given."""
    piece = Engine.get_default().get_template(f"components/{name}.html")
    drawn: str = piece.render(context.new({**values, "inner": content}))
    return drawn


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any]) -> str:
    """What the person chose: light, dark, or nothing (as the system)."""
    request: HttpRequest | None = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else ""


@register.simple_tag
def theme_url() -> str:
    """Both hosts have the page, each under its own name."""
    return reverse("public:theme" if schema() == PUBLIC else "workspace:theme")


@register.simple_tag(takes_context=True)
def menu(context: dict[str, Any]) -> list[dict[str, Any]]:
    """The groups of the sidebar this person may open, the current page marked."""
    groups: list[dict[str, Any]] = import_string(settings.MENU)(context["request"])
    return groups


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], permission: str) -> bool:
    """``{% may "leads.change_lead" as can_change %}``"""
    return access.member_may(context["request"], permission)


@register.simple_tag(takes_context=True)
def banners(context: dict[str, Any]) -> list[cards.Banner]:
    """What must not be overlooked by this person, on whatever page of a company they are."""
    user = context["request"].user
    if schema() == PUBLIC or not user.is_authenticated:
        return []
    return cards.gather("banner", user)


@register.simple_tag
def company_name() -> str:
    return current_company().name if schema() != PUBLIC else ""


@register.simple_tag
def live_url() -> str:
    """Where the live server listens; empty: same host, the live port (the page works it out)."""
    return str(settings.LIVE_URL)


@register.simple_tag
def live_position() -> str:
    """The newest event as the page is made: what comes after it, the page has not seen."""
    return live.position()


@register.simple_tag
def live_port() -> int:
    return int(settings.LIVE_PORT)


@register.filter
def initials(name: object) -> str:
    called = str(name).partition(" · ")[0]  # what stands behind is no part of the name
    words = [word for word in called.replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


@register.filter
def hue(name: object) -> int:
    """A steady number for a name, so that a face keeps its colour."""
    return crc32(str(name).encode()) % HUES


@register.filter
def short_ago(moment: datetime | None) -> str:
    """2m, 3h, Tue, 4 Mar: as narrow as a list column."""
    if moment is None:
        return ""
    passed = timezone.now() - moment
    if passed < timedelta(minutes=1):
        return _("now")
    if passed < timedelta(hours=1):
        return _("%(count)dm") % {"count": passed.seconds // 60}
    local = timezone.localtime(moment)
    if passed < timedelta(hours=24) and local.date() == timezone.localdate():
        return date_format(local, "H:i")
    if passed < timedelta(days=6):
        return date_format(local, "D")
    return date_format(local, "j M")


@register.filter
def duration(seconds: float | None) -> str:
    """3 s, 4 min, 2 h 10 min."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return _("%(count)d ms") % {"count": round(seconds * 1000)}
    if seconds < 60:
        return _("%(count).1f s") % {"count": seconds}
    minutes = int(seconds // 60)
    if minutes < 60:
        return _("%(count)d min") % {"count": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


@register.filter
def percent(part: float | None) -> str:
    return "–" if part is None else f"{round(part * 100)} %"


@register.filter
def reason(code: str) -> str:
    """A machine's reason as a sentence; what people wrote themselves stays as it is."""
    head, _mark, rest = code.partition(":")
    known = REASONS.get(head)
    if known is None:
        return sentences.told(code)
    return f"{known} ({rest.strip().replace('_', ' ')})" if rest else str(known)


ACTS = {
    "send": gettext_lazy("Send at once"),
    "delay": gettext_lazy("Send, with time to undo"),
    "draft": gettext_lazy("Draft for approval"),
    "never": gettext_lazy("A person answers"),
}


@register.filter
def acted(act: str) -> str:
    """What the autonomy policy lets the AI do, in words."""
    return str(ACTS.get(act, act))


@register.filter
def told(word: object) -> str:
    """A word or a sentence of the rows (a stage, a role, a refusal) in the reader's language.

    Each app lists such words with ``gettext_noop`` in its ``cards.py``.
    """
    return sentences.told(word)


@register.filter
def readable(value: Any) -> str:
    """A value out of JSON, as people write it."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {readable(each)}" for name, each in value.items() if each)
    if isinstance(value, list):
        return ", ".join(readable(each) for each in value) or "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "–" if value in (None, "") else str(value)


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """The value under a key that is itself a variable."""
    return mapping.get(key)


@register.filter
def field_type(field: Any) -> str:
    """text, select, textarea, checkbox, file …: which way a field is drawn."""
    widget = field.field.widget
    if getattr(widget, "allow_multiple_selected", False):
        return type(widget).__name__.lower()  # many boxes are not one box
    return getattr(widget, "input_type", "") or type(widget).__name__.lower()


@register.filter
def drawn(field: Any) -> SafeString:
    """The field's widget with our classes and the links that screen readers follow."""
    kind = field_type(field)
    attrs: dict[str, Any] = {"class": "check" if kind in {"checkbox", "radio"} else "input"}
    described = [f"{field.auto_id}_help"] if field.help_text else []
    if field.errors:
        attrs["aria-invalid"] = "true"
        described.append(f"{field.auto_id}_error")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    rendered: SafeString = field.as_widget(attrs={**field.field.widget.attrs, **attrs})
    return rendered
