"""Somebody on their way to a vendor's consent page and back, over the simulator's real pages."""

import re
from urllib.parse import urlencode, urlsplit

import httpx


def consent(address: str, *, decision="allow", without=(), accounts=None) -> str:
    """Tick, and press; the address the vendor sends us back to."""
    shown = httpx.get(address)
    assert shown.status_code == 200, shown.text
    scopes = re.findall(r'name="scope" value="([^"]+)"', shown.text)
    here = re.findall(r'name="account" value="([^"]+)"', shown.text)
    form = {
        "scope": [each for each in scopes if each not in without],
        "account": here if accounts is None else list(accounts),
        "decision": decision,
    }
    answer = httpx.post(
        address,
        content=urlencode(form, doseq=True),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


class Traveller:
    """A person with a browser: a company's console here, the vendor's page there."""

    def __init__(self, client, user, *, room="channels", company="north") -> None:
        self.client = client
        self.room = room
        self.host = f"{company}.localhost"
        client.force_login(user, backend="tenants.accounts.backends.RoleBackend")

    def set_out(self, kind: str, *platform: str, **posted) -> str:
        """Press the button; the vendor's address we are sent to."""
        way = "/".join([kind, *platform])
        page = self.client.post(f"/{self.room}/sign-in/{way}/start/", posted)
        assert page.status_code == 200
        found = re.search(r'<a class="btn btn--primary" href="([^"]+)"', page.content.decode())
        return found[1].replace("&amp;", "&")

    def consent(self, address: str, **decided) -> str:
        return consent(address, **decided)

    def return_by(self, address: str):
        """What the public host answers."""
        path = address.partition("://")[2].partition("/")[2]
        return self.client.get(f"/{path}", headers={"host": "localhost"})

    def arrive(self, answer):
        """And what our own host makes of it."""
        assert answer.status_code == 302, answer.content.decode()
        parts = urlsplit(answer["Location"])
        assert parts.hostname == self.host
        return self.client.get(f"{parts.path}?{parts.query}")

    def sign_in(self, kind: str, *platform: str, posted=None, **consent):
        address = self.set_out(kind, *platform, **(posted or {}))
        return self.arrive(self.return_by(self.consent(address, **consent)))
