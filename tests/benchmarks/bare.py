"""HMAC, INSERT, enqueue, 200: what every durable webhook must do, and nothing else."""

import hashlib
import hmac
import json
import os

import dramatiq
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from dramatiq import Message

TABLE = """
CREATE TABLE IF NOT EXISTS public.bare_event
  (id bigserial PRIMARY KEY, key text UNIQUE, body bytea, at timestamptz DEFAULT now())
"""
INSERT = """
INSERT INTO public.bare_event (key, body) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING id
"""
SECRET = b"bench-secret"


def receive(request: HttpRequest) -> HttpResponse:
    body = request.body
    digest = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"sha256={digest}", request.headers["X-Hub-Signature-256"]):
        return HttpResponse(status=403)
    mid = json.loads(body)["entry"][0]["messaging"][0]["message"]["mid"]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [mid, body])
        row = cursor.fetchone()
    if row:
        message: Message = Message(
            queue_name="bare", actor_name="bare", args=(row[0],), kwargs={}, options={}
        )
        dramatiq.get_broker().enqueue(message)
    return HttpResponse(status=200)


urlpatterns = [path("webhooks/bare/", receive), path("healthz", lambda request: HttpResponse())]

if os.environ.get("DJANGO_SETTINGS_MODULE") == "tests.benchmarks.bare_settings":
    application = get_wsgi_application()
