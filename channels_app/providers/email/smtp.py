"""SMTP (RFC 5321), step by step, because it matters at which step a connection breaks.

Before the last line of the letter nothing was accepted, and it may be sent again. After it and
without an answer nobody knows.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from channels_app.providers.email import oauth
from tenants.plugins import http
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    ProviderError,
    RateLimited,
    RecipientUnreachable,
    Rejected,
    Unavailable,
)

TIMEOUT = 20.0
GREYLISTED = 300.0  # seconds; most greylists let a second try pass after five minutes
ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
NO_SUCH_PERSON = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}


class _Plain(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return http.dial(host, port, timeout)


class _Tls(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(http.dial(host, port, timeout), server_hostname=host)


def send(
    *,
    host: str,
    port: int,
    security: str,
    user: str,
    password: str,
    sender: str,
    recipient: str,
    message: EmailMessage,
    token: str = "",
) -> None:
    """Hand one letter to the server; returns once it was accepted. Raises ProviderErrors."""
    server = _opened(host, port, security)
    try:
        _sign_in(server, host, user, password, token)
        _envelope(server, host, sender, recipient)
        _content(server, host, message)
    finally:
        _leave(server)


def check(
    *, host: str, port: int, security: str, user: str, password: str, token: str = ""
) -> None:
    """Sign in and leave, to see whether that works."""
    server = _opened(host, port, security)
    try:
        _sign_in(server, host, user, password, token)
    finally:
        _leave(server)


def _sign_in(server: smtplib.SMTP, host: str, user: str, password: str, token: str) -> None:
    """A token, where there is one, is shown instead of the password."""
    if token:
        answer: Any = oauth.answers(user, token)
        _step(host, lambda: server.auth("XOAUTH2", answer))
    elif user:
        _step(host, lambda: server.login(user, password))


def _opened(host: str, port: int, security: str) -> smtplib.SMTP:
    def connect() -> smtplib.SMTP:
        context = ssl.create_default_context()
        if security == "tls":
            return _Tls(host, port, timeout=TIMEOUT, context=context)
        server = _Plain(host, port, timeout=TIMEOUT)
        if security == "starttls":
            server.starttls(context=context)
        return server

    server: smtplib.SMTP = _step(host, connect)
    _step(host, server.ehlo_or_helo_if_needed)
    return server


def _step(host: str, deed: Callable[[], Any]) -> Any:
    """One step before the letter itself; whatever breaks, nothing was accepted."""
    try:
        return deed()
    except smtplib.SMTPAuthenticationError as error:
        raise _error(error.smtp_code, error.smtp_error, is_login=True) from error
    except smtplib.SMTPResponseException as error:
        raise _error(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Rejected(f"{host}: {error}", code="not_supported") from error
    except (ssl.SSLCertVerificationError, ssl.CertificateError) as error:
        raise Rejected(f"{host}: its certificate is not valid.", code="certificate") from error
    except (smtplib.SMTPException, OSError, EOFError) as error:
        raise Unavailable(f"{host}: {str(error) or type(error).__name__}") from error


def _envelope(server: smtplib.SMTP, host: str, sender: str, recipient: str) -> None:
    options = ["SMTPUTF8"] if not (sender + recipient).isascii() else []
    if options and not server.has_extn("smtputf8"):
        raise Rejected("The mail server takes no such address.", code="5.6.7")
    code, text = _step(host, lambda: server.mail(sender, options))
    _expect(code, text, {250})
    code, text = _step(host, lambda: server.rcpt(recipient))
    _expect(code, text, {250, 251, 252}, is_recipient=True)


def _content(server: smtplib.SMTP, host: str, message: EmailMessage) -> None:
    code, text = _step(host, lambda: server.docmd("DATA"))
    _expect(code, text, {354})
    body = re.sub(rb"\r?\n", b"\r\n", message.as_bytes())
    body = re.sub(rb"(?m)^\.", b"..", body)
    body += b"" if body.endswith(b"\r\n") else b"\r\n"
    try:
        server.send(body + b".\r\n")
        code, text = server.getreply()
    except (smtplib.SMTPException, OSError, EOFError) as error:
        raise AnswerLost(f"{host}: {str(error) or type(error).__name__}") from error
    _expect(code, text, {250})


def _expect(code: int, text: bytes, wanted: set[int], *, is_recipient: bool = False) -> None:
    if code not in wanted:
        raise _error(code, text, is_recipient=is_recipient)


def _error(
    code: int, text: bytes | str, *, is_login: bool = False, is_recipient: bool = False
) -> ProviderError:
    """A reply of the server as an error: 4xx may heal, 5xx does not."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    found = ENHANCED.search(said)
    status = found[1] if found else str(code)
    line = f"{code} {' '.join(said.split())}"[:400]
    if is_login and code >= 500:
        return CredentialsRejected(line, code=status)
    if code in {450, 451} and is_recipient:
        return Unavailable(line, code=status, retry_after=GREYLISTED)
    if code in {421, 454} or 400 <= code < 500:
        kind = RateLimited if status in {"4.7.0", "4.7.1", "4.3.2"} else Unavailable
        return kind(line, code=status)
    if status in NO_SUCH_PERSON or (is_recipient and code in {550, 553} and status == str(code)):
        return RecipientUnreachable(line, code=status)
    if code in {530, 534, 535}:
        return CredentialsRejected(line, code=status)
    return Rejected(line, code=status)


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError, EOFError):
        server.close()
