"""Where a mailbox's servers are and how they let us in, as a company has set them."""

from collections.abc import Mapping
from typing import Any

from tenants.plugins.errors import CredentialsRejected


def imap_server(config: Mapping[str, Any]) -> dict[str, Any]:
    server = _server(config, "imap", {"tls": 993, "starttls": 143, "none": 143})
    return {**server, "folder": str(config.get("imap_folder") or "INBOX")}


def smtp_server(config: Mapping[str, Any]) -> dict[str, Any]:
    return _server(config, "smtp", {"tls": 465, "starttls": 587, "none": 25})


def _server(config: Mapping[str, Any], protocol: str, ports: Mapping[str, int]) -> dict[str, Any]:
    def value(name: str) -> str:
        return str(config.get(f"{protocol}_{name}") or "")

    host, security = value("host"), value("security") or "tls"
    if not host:
        raise CredentialsRejected(f"No {protocol.upper()} server is set.", code="no_server")
    return {
        "host": host,
        "port": int(value("port") or ports.get(security, ports["tls"])),
        "security": security,
        "user": value("user"),
        "password": value("password"),
        "token": str(config.get("access_token") or "") if config.get("oauth") else "",
    }
