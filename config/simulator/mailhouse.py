"""A post office on loopback: SMTP takes letters, IMAP gives them out, bounces come back.

Needs no vendor's account and no event loop: ``with MailHouse() as house``. What is to go wrong
next is put into ``house.faults``.
"""

import base64
import re
import socketserver
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes
from types import TracebackType
from typing import Any, Self

GREETING = b"220 mailhouse ESMTP\r\n"
UID_RANGE = re.compile(r"UID (\d+):\*")


@dataclass
class Letter:
    """One letter that SMTP took."""

    sender: str
    recipient: str
    content: bytes = field(repr=False)


@dataclass
class Folder:
    """What lies in the one mailbox; numbers only ever grow, until somebody renumbers it."""

    validity: int = 1
    letters: dict[int, bytes] = field(default_factory=dict)
    newest: int = 0

    def put(self, content: bytes) -> int:
        self.newest += 1
        self.letters[self.newest] = content
        return self.newest

    def renumber(self) -> None:
        """As after a restore from a backup: another UIDVALIDITY, numbers from one."""
        contents = [self.letters[uid] for uid in sorted(self.letters)]
        self.validity += 1
        self.letters = dict(enumerate(contents, start=1))
        self.newest = len(contents)


class MailHouse:
    """``faults`` of SMTP, one a letter: ``drop`` (takes it, says nothing), ``refuse`` (550 at
    RCPT), ``later`` (451 at RCPT), ``full`` (552 after DATA). ``password`` is what both ask;
    where there is a ``token``, only XOAUTH2 with it opens the door. ``seconds`` is what each
    letter takes, given out or taken: before it is given, and between taking it and saying so.
    ``withheld`` are letters that it lists and cannot give out."""

    def __init__(self, password: str = "letmein") -> None:  # noqa: S107 (a stand-in on loopback)
        self.password = password
        self.token = ""
        self.seconds = 0.0
        self.taken: list[Letter] = []
        self.folder = Folder()
        self.faults: deque[str] = deque()
        self.fetched: list[int] = []
        self.withheld: set[int] = set()
        house = self

        class Smtp(_Smtp):
            home = house

        class Imap(_Imap):
            home = house

        self._servers = [_Server(("127.0.0.1", 0), Smtp), _Server(("127.0.0.1", 0), Imap)]
        self.smtp_port, self.imap_port = (server.server_address[1] for server in self._servers)

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def bounce(self, letter: Letter, status: str = "5.1.1") -> None:
        """Return a letter to its sender's mailbox, as RFC 3464 says."""
        message_id = message_from_bytes(letter.content)["Message-ID"]
        self.folder.put(
            (
                "Return-Path: <>\r\n"
                "From: MAILER-DAEMON@mailhouse.invalid\r\n"
                f"To: {letter.sender}\r\n"
                "Subject: Undelivered Mail Returned to Sender\r\n"
                f"Message-ID: <bounce-{len(self.folder.letters)}@mailhouse.invalid>\r\n"
                "Auto-Submitted: auto-replied\r\n"
                'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
                "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
                "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
                "Reporting-MTA: dns; mailhouse.invalid\r\n\r\n"
                f"Final-Recipient: rfc822; {letter.recipient}\r\nAction: failed\r\n"
                f"Status: {status}\r\nDiagnostic-Code: smtp; 550 {status} no such user\r\n\r\n"
                "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
                f"Message-ID: {message_id}\r\n\r\n--b--\r\n"
            ).encode()
        )


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who breaks off in the middle was killed, as it may be meant."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


REFUSED = base64.b64encode(
    b'{"status":"401","schemes":"Bearer","scope":"https://mail.google.com/"}'
).decode()


def _token_in(said: str) -> str:
    """https://developers.google.com/workspace/gmail/imap/xoauth2-protocol"""
    try:
        words = base64.b64decode(said).decode().split("\x01")
    except ValueError:
        return ""
    return next((w.removeprefix("auth=Bearer ") for w in words if w.startswith("auth=")), "")


class _Lines(socketserver.StreamRequestHandler):
    home: MailHouse
    timeout = 20

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class _Smtp(_Lines):
    sender = recipient = ""

    def handle(self) -> None:
        self.wfile.write(GREETING)
        while line := self.rfile.readline(65_536).decode("utf-8", "replace").strip():
            answer = getattr(self, f"_do_{line[:4].lower()}", None)
            said = answer(line) if answer else "250 2.0.0 Ok"
            if not said:
                return  # hangs up without a word
            self.say(said)
            if said.startswith("221"):
                return

    def _do_ehlo(self, line: str) -> str:
        return "250-mailhouse\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN XOAUTH2"

    def _do_quit(self, line: str) -> str:
        return "221 2.0.0 Bye"

    def _do_mail(self, line: str) -> str:
        self.sender = _address(line)
        return "250 2.1.0 Ok"

    def _do_auth(self, line: str) -> str:
        words = line.split(" ")
        if words[1].upper() == "XOAUTH2":
            return self._by_token(words[2] if len(words) > 2 else "")
        if self.home.token:
            return "535 5.7.8 Application-specific password required"
        said = base64.b64decode(words[2]).split(b"\0") if len(words) > 2 else []
        right = bool(said) and said[-1].decode() == self.home.password
        return "235 2.7.0 Welcome" if right else "535 5.7.8 Authentication failed"

    def _by_token(self, said: str) -> str:
        """What is wrong with a token comes as a question, which must be answered with nothing."""
        if self.home.token and _token_in(said) == self.home.token:
            return "235 2.7.0 Accepted"
        self.say(f"334 {REFUSED}")
        self.rfile.readline(65_536)
        return "535 5.7.8 Username and Password not accepted"

    def _do_rcpt(self, line: str) -> str:
        self.recipient = _address(line)
        fault = self.home.faults[0] if self.home.faults else ""
        if fault == "refuse":
            self.home.faults.popleft()
            return "550 5.1.1 No such user"
        if fault == "later":
            self.home.faults.popleft()
            return "451 4.7.1 Greylisted, try again"
        return "250 2.1.5 Ok"

    def _do_data(self, line: str) -> str:
        self.say("354 Go on")
        lines: list[bytes] = []
        while (read := self.rfile.readline(1_000_000)) != b".\r\n":
            if not read:
                return ""  # broken off before its end: no letter
            lines.append(read[1:] if read.startswith(b"..") else read)
        fault = self.home.faults.popleft() if self.home.faults else ""
        if fault == "full":
            return "552 5.2.2 Mailbox full"
        self.home.taken.append(Letter(self.sender, self.recipient, b"".join(lines)))
        time.sleep(self.home.seconds)
        return "" if fault == "drop" else "250 2.0.0 Taken"


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]


class _Imap(_Lines):
    def handle(self) -> None:
        self.say("* OK [CAPABILITY IMAP4rev1] mailhouse")
        while line := self.rfile.readline(65_536).decode("utf-8", "replace").strip():
            tag, _, command = line.partition(" ")
            verb, _, rest = command.partition(" ")
            answer = getattr(self, f"_do_{verb.lower()}", None)
            said = answer(rest) if answer else "OK done"
            self.say(f"{tag} {said}")
            if verb.upper() == "LOGOUT":
                return

    def _do_capability(self, rest: str) -> str:
        self.say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2")
        return "OK done"

    def _do_authenticate(self, rest: str) -> str:
        self.say("+ ")
        said = self.rfile.readline(65_536).decode("ascii", "replace").strip()
        if self.home.token and _token_in(said) == self.home.token:
            return "OK welcome"
        self.say(f"+ {REFUSED}")
        self.rfile.readline(65_536)
        return "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"

    def _do_login(self, rest: str) -> str:
        if self.home.token:
            return "NO [ALERT] Application-specific password required"
        right = rest.split(" ")[-1].strip('"') == self.home.password
        return "OK welcome" if right else "NO [AUTHENTICATIONFAILED] wrong password"

    def _do_logout(self, rest: str) -> str:
        self.say("* BYE")
        return "OK bye"

    def _do_examine(self, rest: str) -> str:
        folder = self.home.folder
        self.say(f"* {len(folder.letters)} EXISTS")
        self.say(f"* OK [UIDVALIDITY {folder.validity}] valid")
        self.say(f"* OK [UIDNEXT {folder.newest + 1}] next")
        return "OK [READ-ONLY] done"

    def _do_uid(self, rest: str) -> str:
        verb, _, arguments = rest.partition(" ")
        if verb.upper() == "SEARCH":
            self.say(" ".join(["* SEARCH", *map(str, self._found(arguments))]))
            return "OK done"
        uid = int(arguments.split(" ")[0])
        if uid in self.home.withheld:
            return "NO The specified message cannot be converted"
        self._fetch(uid)
        return "OK done"

    def _found(self, criteria: str) -> list[int]:
        uids = sorted(self.home.folder.letters)
        found = UID_RANGE.search(criteria)
        if not found:
            return uids
        # RFC 9051: "n:*" always holds the newest letter, even where n is higher.
        return [uid for uid in uids if uid >= int(found[1])] or uids[-1:]

    def _fetch(self, uid: int) -> None:
        content = self.home.folder.letters.get(uid)
        if content is None:
            return
        self.home.fetched.append(uid)
        time.sleep(self.home.seconds)
        self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(content)}}}\r\n".encode())
        self.wfile.write(content + b")\r\n")
