"""What a site asks of robots. https://www.rfc-editor.org/rfc/rfc9309"""

from protego import Protego

AGENT = "Leadwire"
MOST = 500 * 1024  # bytes that a reader must take in (section 2.5)
LONGEST_PAUSE = 30.0  # seconds; who asks for more is visited less often than that all the same


class Robots:
    """The rules that are meant for us; an empty text allows everything."""

    def __init__(self, text: str) -> None:
        self._rules = Protego.parse(text[:MOST])

    def allows(self, address: str) -> bool:
        return self._rules.can_fetch(address, AGENT)

    @property
    def pause(self) -> float:
        """Seconds that the site wants between two requests; zero where it does not say."""
        said = self._rules.crawl_delay(AGENT) or 0.0
        rate = self._rules.request_rate(AGENT)
        if rate and rate.requests:
            said = max(said, rate.seconds / rate.requests)
        return min(max(said, 0.0), LONGEST_PAUSE)

    @property
    def sitemaps(self) -> list[str]:
        return list(self._rules.sitemaps)
