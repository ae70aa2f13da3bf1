"""IMAP (RFC 3501, RFC 9051): a mailbox read from where we stopped, changed in nothing.

The cursor is UIDVALIDITY and the last UID. Should the server number its letters anew, we go
back to the day of the last look; what is stored already has the same key as before.

A letter that the server does not give out while it gives out others holds nobody up: its number is
kept in the cursor and asked for again for a day, and then people are told.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from channels_app.providers.email import oauth
from tenants.plugins import http
from tenants.plugins.errors import CredentialsRejected, Rejected, Unavailable

TIMEOUT = 20.0
AT_ONCE = 25  # letters to a look
MAX_LETTER = 20 * 1024 * 1024  # of a longer one the beginning is read
MAX_LOOK = 30 * 1024 * 1024  # bytes to a look, after which the rest waits for the next
UID = re.compile(rb"\bUID (\d+)")
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Plain(imaplib.IMAP4):
    def _create_socket(self, timeout: float) -> socket.socket:
        return http.dial(self.host, int(self.port), timeout)


class _Tls(imaplib.IMAP4_SSL):
    def _create_socket(self, timeout: float) -> socket.socket:
        return self.ssl_context.wrap_socket(
            http.dial(self.host, int(self.port), timeout), server_hostname=self.host
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found: letters in the order of their arrival, and the cursor behind them.
    ``refused`` are numbers of letters that will not be asked for again."""

    letters: tuple[bytes, ...]
    cursor: Mapping[str, Any]
    more: bool
    refused: tuple[str, ...] = ()


def look(
    *,
    host: str,
    port: int,
    security: str,
    user: str,
    password: str,
    folder: str,
    cursor: Mapping[str, Any],
    token: str = "",
) -> Look:
    """Read the letters behind the cursor. The first look takes what is unread since yesterday."""
    with _signed_in(host, port, security, user, password, token) as server:
        validity = _opened(server, folder)
        today = datetime.now(UTC).date()
        known = cursor.get("validity") == validity
        last = int(cursor.get("uid", 0)) if known else 0
        waiting = [uid for uid in _search(server, cursor, known=known) if uid > last]
        waiting.sort()
        held = dict(cursor.get("held") or {}) if known else {}
        letters, looked_at, withheld = _letters(server, waiting, [int(uid) for uid in held])
        seen = [uid for uid in looked_at if str(uid) not in held]
        given_out = {str(uid) for uid in looked_at} - {str(uid) for uid in withheld}
        held = {str(uid): today.isoformat() for uid in withheld} | held
        waits = {uid: day for uid, day in held.items() if uid not in given_out}
        refused = [uid for uid, day in waits.items() if day < _day_before(today)]
        kept = {uid: day for uid, day in waits.items() if uid not in refused}
        more = len(seen) < len(waiting)
        if not more:
            # Where nothing waits, everything up to now was looked at.
            last = max([last, *seen, *([] if known else [_newest(server)])])
        else:
            last = max([last, *seen])
        return Look(
            letters,
            {
                "validity": validity,
                "uid": last,
                "day": today.isoformat(),
                **({"held": kept} if kept else {}),
            },
            more,
            tuple(f"{validity}:{uid}" for uid in refused),
        )


def _day_before(today: date) -> str:
    return (today - timedelta(days=1)).isoformat()


def check(
    *,
    host: str,
    port: int,
    security: str,
    user: str,
    password: str,
    folder: str,
    token: str = "",
) -> None:
    """Sign in and open the folder, to see whether that works."""
    with _signed_in(host, port, security, user, password, token) as server:
        _opened(server, folder)


@contextmanager
def _signed_in(
    host: str, port: int, security: str, user: str, password: str, token: str
) -> Iterator[imaplib.IMAP4]:
    try:
        server = _connected(host, port, security)
        try:
            _sign_in(server, user, password, token)
            yield server
        finally:
            _leave(server)
    except (ssl.SSLCertVerificationError, ssl.CertificateError) as error:
        raise Rejected(f"{host}: its certificate is not valid.", code="certificate") from error
    except (imaplib.IMAP4.error, OSError, EOFError) as error:
        raise Unavailable(f"{host}: {str(error)[:200] or type(error).__name__}") from error


def _connected(host: str, port: int, security: str) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if security == "tls":
        return _Tls(host, port, ssl_context=context, timeout=TIMEOUT)
    server = _Plain(host, port, timeout=TIMEOUT)
    if security == "starttls":
        server.starttls(context)
    return server


def _sign_in(server: imaplib.IMAP4, user: str, password: str, token: str) -> None:
    """A token, where there is one, is shown instead of the password."""
    try:
        if token:
            server.authenticate("XOAUTH2", _asked(oauth.answers(user, token)))
        else:
            server.login(user, password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        said = str(error)[:200]
        if "UNAVAILABLE" in said.upper():  # RFC 5530: the server's trouble, not ours
            raise Unavailable(said) from error
        raise CredentialsRejected(said, code="login") from error


def _asked(answer: Callable[[bytes | None], str]) -> Callable[[bytes], bytes]:
    return lambda challenge: answer(challenge).encode()


def _opened(server: imaplib.IMAP4, folder: str) -> int:
    """Open the folder for reading only; returns its UIDVALIDITY."""
    quoted = folder.replace("\\", "\\\\").replace('"', '\\"')
    status, said = server.select(f'"{quoted}"', readonly=True)
    if status != "OK":
        raise Rejected(f"The folder {folder!r} cannot be opened.", code="folder")
    _, values = server.response("UIDVALIDITY")
    return _number(values)


def _newest(server: imaplib.IMAP4) -> int:
    """The number before the one that the next letter gets."""
    _, values = server.response("UIDNEXT")
    return max(0, _number(values) - 1)


def _number(values: Any) -> int:
    first = values[0] if values else None
    found = re.search(rb"\d+", first) if isinstance(first, bytes) else None
    return int(found[0]) if found else 0


def _search(server: imaplib.IMAP4, cursor: Mapping[str, Any], *, known: bool) -> list[int]:
    if known:
        criteria = f"UID {int(cursor.get('uid', 0)) + 1}:*"
    elif cursor:
        criteria = f"SINCE {_day(cursor.get('day'))}"
    else:
        criteria = f"UNSEEN SINCE {_day(None)}"
    _, found = server.uid("SEARCH", *criteria.split(" "))
    return [int(word) for word in (found[0] or b"").split() if word.isdigit()] if found else []


def _day(value: Any) -> str:
    """The day before, as IMAP writes it: its days have no time zone."""
    try:
        day = datetime.fromisoformat(str(value)).date()
    except ValueError:
        day = datetime.now(UTC).date()
    day -= timedelta(days=1)
    return f"{day.day}-{MONTHS[day.month - 1]}-{day.year}"


def _letters(
    server: imaplib.IMAP4, waiting: list[int], held: list[int]
) -> tuple[tuple[bytes, ...], list[int], list[int]]:
    """The letters, all numbers that were looked at, and those of them that are withheld.

    Raises Unavailable where new ones wait and none is given out: that is the server's trouble.
    """
    letters: list[bytes] = []
    seen: list[int] = []
    withheld: list[int] = []
    total = 0
    for uid in [*waiting[:AT_ONCE], *held]:
        if total > MAX_LOOK:
            break
        letter = _letter(server, uid)
        seen.append(uid)  # one that was deleted meanwhile is seen as well
        if letter is None:
            withheld.append(uid)
        elif letter:
            letters.append(letter)
            total += len(letter)
    if not letters and not set(withheld) <= set(held):
        raise Unavailable(f"Letter {withheld[0]} was not given out.")
    return tuple(letters), seen, withheld


def _letter(server: imaplib.IMAP4, uid: int) -> bytes | None:
    """Its bytes, none where it is gone; None where the server does not give it out."""
    # PEEK: whoever else reads this mailbox still finds it unread.
    try:
        status, found = server.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MAX_LETTER}>)")
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:  # BAD
        return None
    if status != "OK":
        return None
    for answer in found or []:
        if isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], bytes):
            return answer[1]
    return b""


def _leave(server: imaplib.IMAP4) -> None:
    try:
        server.logout()
    except (imaplib.IMAP4.error, OSError, EOFError):
        server.shutdown()
