"""How Dramatiq meets companies: where a message runs, and what is tried again."""

from typing import Any

import structlog
from django.core.checks import Error, register
from dramatiq import Broker, get_broker
from dramatiq.message import Message
from dramatiq.middleware import Middleware, Retries, SkipMessage

from tenants import context
from tenants.plugins.errors import ProviderError

MAX_RETRIES = 5
QUEUES = ("ingest", "delivery", "media", "thinking", "crm", "outgoing", "indexing", "upkeep")


class TenantMiddleware(Middleware):
    """Run each message in the schema it was sent from.

    List it first: it then enters before every other middleware and leaves after
    them, so retries and pipelines are re-enqueued from the company's schema.
    """

    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        message.options.setdefault("schema", context.schema())
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id:
            message.options.setdefault("request_id", request_id)

    def before_process_message(self, broker: Broker, message: Any) -> None:
        # Dramatiq logs any error raised here and runs the actor all the same;
        # SkipMessage alone keeps it from running in whatever schema is left over.
        schema = message.options.get("schema")
        if not schema:
            raise SkipMessage(f"{message} carries no schema")
        try:
            context.enter_for_job(schema)
        except context.UnknownCompany as error:
            # Public stands behind every schema: a job of a company that is gone would
            # find public's users and audit log where its own tables were.
            raise SkipMessage(f"{message} belongs to no company of ours") from error
        structlog.contextvars.bind_contextvars(
            schema=schema,
            job=message.actor_name,
            **{k: v for k, v in message.options.items() if k == "request_id"},
        )

    def after_process_message(self, broker: Broker, message: Any, **outcome: Any) -> None:
        context.leave()
        structlog.contextvars.unbind_contextvars("schema", "job", "request_id")

    after_skip_message = after_process_message


def should_retry(retries: int, error: BaseException) -> bool:
    """A provider's error knows if it may heal; anything else is given five more tries."""
    if isinstance(error, ProviderError) and not error.retryable:
        return False
    return retries < MAX_RETRIES


class PatientRetries(Retries):
    """Exponential back-off from two seconds to five minutes; the sweeper takes over from there."""

    def __init__(self) -> None:
        super().__init__(retry_when=should_retry, min_backoff=2_000, max_backoff=300_000)


@register
def tenant_middleware_is_first(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Anywhere but first, retries and pipelines would be re-enqueued from ``public``."""
    first = get_broker().middleware[0]
    if isinstance(first, TenantMiddleware):
        return []
    return [
        Error(
            f"{type(first).__name__} stands before TenantMiddleware in DRAMATIQ_BROKER.",
            hint="List tenants.jobs.TenantMiddleware first.",
            id="tenants.E001",
        )
    ]
