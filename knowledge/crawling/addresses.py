"""Web addresses made comparable, and whether two lie on the same site."""

import re
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

LONGEST = 1_000
# Who came from where; the page is the same.
TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|msclkid|mc_[ce]id|_ga|ref_src|sessionid)$", re.I)
PORTS = {"http": 80, "https": 443}
SAFE = "%/:=&?~#+!$,;'@()*[]-._"
# What a link leads to when it is no page; PDF, Word and text are.
NO_PAGE = re.compile(
    r"\.(?:7z|avi|avif|bmp|css|dmg|eot|epub|exe|gif|gz|ico|iso|jar|jpe?g|js|json|m4[av]|mov|mp[34g]"
    r"|mpeg|ogg|otf|png|pptx?|rar|rss|svg|tar|tiff?|ttf|wav|webm|webp|woff2?|xlsx?|xml|zip)$",
    re.I,
)


def plain(address: str) -> str:
    """One spelling for all that lead to the same page; empty for what is no web address."""
    try:
        parts = urlsplit(address.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme not in PORTS or not host or parts.username or parts.password:
        return ""
    if ":" in host:
        host = f"[{host}]"
    place = host if port in {None, PORTS[parts.scheme]} else f"{host}:{port}"
    asked = [
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not TRACKING.match(pair[0])
    ]
    path = quote(parts.path or "/", safe=SAFE)
    made = urlunsplit((parts.scheme, place, path, urlencode(asked), ""))
    return made if len(made) <= LONGEST else ""


def joined(base: str, link: str) -> str:
    """Where a link on a page leads to; empty where it is no web address."""
    try:
        return plain(urljoin(base, link.strip()))
    except ValueError:
        return ""


def same_site(one: str, other: str) -> bool:
    """Whether both lie on one host and port; "www." and the lock before it do not count."""
    return _site(one) == _site(other)


def home(address: str) -> str:
    """The root of the site the address lies on."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def may_be_page(address: str) -> bool:
    return not NO_PAGE.search(urlsplit(address).path)


def _site(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    port = parts.port or PORTS.get(parts.scheme, 0)
    return (parts.hostname or "").removeprefix("www."), 0 if port in PORTS.values() else port
