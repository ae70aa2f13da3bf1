"""A visitor's page, as far as our doors can tell one from a browser."""

import json
import time
import uuid

from joserfc import jwt
from joserfc.jwk import OctKey

from channels_app import services
from tenants import context

SITE = "https://www.acme.example"
SECRET = "s" * 40


def connect_chat(**config):
    given = {"allowed_origins": SITE, "identity_secret": SECRET, "team": "Acme Bikes", **config}
    return services.connect(platform="webchat", account_id="", config=given)


def identity(sub="42", *, secret=SECRET, seconds=3600, header=None, **claims):
    """What the company's server says about who is signed in."""
    said = {"sub": sub, "exp": int(time.time()) + seconds, **claims}
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(header or {"alg": "HS256"}, said, OctKey.import_key(secret))


def new_id():
    return uuid.uuid4().hex[:24]


class Page:
    """One browser on one website."""

    def __init__(self, client, connection, *, origin=SITE, host="localhost"):
        self.client = client
        self.key = connection.webhook_token
        self.origin = origin
        self.host = host
        self.token = ""

    def ask(self, what, body=None, *, method="post", token=None, raw=None, **headers):
        here = context.connection.tenant
        shown = self.token if token is None else token
        if shown:
            headers["Authorization"] = f"Bearer {shown}"
        options = {"HTTP_HOST": self.host, "headers": headers}
        if self.origin:
            options["HTTP_ORIGIN"] = self.origin
        path = f"/chat/{self.key}/{what}"
        try:
            if method == "post":
                content = raw if raw is not None else json.dumps(body or {})
                return self.client.post(path, content, "application/json", **options)
            return getattr(self.client, method)(path, **options)
        finally:
            context.connection.set_tenant(here)

    def upload(self, content, name="photo.png", mime="image/png"):
        from django.core.files.uploadedfile import SimpleUploadedFile

        here = context.connection.tenant
        file = SimpleUploadedFile(name, content, mime)
        try:
            return self.client.post(
                f"/chat/{self.key}/files",
                {"file": file},
                HTTP_HOST=self.host,
                HTTP_ORIGIN=self.origin,
                headers={"Authorization": f"Bearer {self.token}"},
            )
        finally:
            context.connection.set_tenant(here)

    def begin(self, **asked):
        answer = self.ask("session", {"token": self.token, **asked}, token="")
        assert answer.status_code == 200, answer.content
        said = answer.json()
        self.token = said["token"]
        return said

    def write(self, text, own=None, **more):
        if not self.token:
            self.begin()
        return self.ask("messages", {"id": own or new_id(), "text": text, **more})

    def history(self, query=""):
        return self.ask(f"history{query}", method="get")

    def texts(self):
        return [each["text"] for each in self.history().json()["messages"]]


def error_of(answer):
    [error] = answer.json()["errors"]
    return answer.status_code, error["code"]
