"""A webhook with a log: one delivery taken, one given up, one on its way."""

from django.utils import timezone

from leads.announcements import HOT
from tenants.outgoing.events import data_of
from tenants.outgoing.models import Attempt, Delivery, Endpoint, Event
from tenants.outgoing.services import add_endpoint

URL = "https://n8n.example.com/webhook/hot-leads"


def make_webhook() -> Endpoint:
    endpoint = add_endpoint(
        name="Hot leads to n8n", url=URL, events=["lead.hot", "task.due"], actor="user:1"
    )
    now = timezone.now()
    for state, status in (("delivered", 200), ("waiting", None), ("dead", 500)):
        event = Event.objects.create(kind=HOT.name, data=data_of(HOT.example))
        delivery = Delivery.objects.create(
            endpoint=endpoint,
            event=event,
            state=state,
            status=status,
            attempts=1 if status else 0,
            settled_at=now if status else None,
            error_code="500" if status == 500 else "",
        )
        if status:
            Attempt.objects.create(
                delivery=delivery,
                status=status,
                milliseconds=84,
                error_code=delivery.error_code,
                request_headers={"content-type": "application/json", "webhook-signature": "•••"},
                answer_headers={"content-type": "text/html", "server": "nginx"},
                answer_body="<h1>Internal Server Error</h1>",
            )
    return endpoint
