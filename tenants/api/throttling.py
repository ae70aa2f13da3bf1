"""How much one program, and one company in all, may ask of the API.

Headers as in https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

import math
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tenants.limits import Rate, Verdict, take

MINUTE = 60


class CompanyThrottle(BaseThrottle):
    """A limit for whoever asks, and one above it for the company as a whole."""

    def __init__(self) -> None:
        self.wait_seconds = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        if getattr(request._request, "is_looking_up", False):
            return True  # we ask ourselves, for an edit that is counted
        asker = getattr(request.user, "actor", "nobody")
        for policy, name, count in (
            ("caller", f"api:{asker}", settings.API_CALLER_PER_MINUTE),
            ("company", "api", settings.API_COMPANY_PER_MINUTE),
        ):
            verdict = take(name, Rate(count, MINUTE))
            self._tell(request, policy, count, verdict)
            if not verdict.allowed:
                self.wait_seconds = verdict.wait_seconds
                return False
        return True

    def wait(self) -> float:
        return math.ceil(self.wait_seconds)

    def _tell(self, request: Request, policy: str, count: int, verdict: Verdict) -> None:
        headers = request._request.__dict__.setdefault("rate_limit_headers", {})
        known = [headers["RateLimit-Policy"]] if "RateLimit-Policy" in headers else []
        headers["RateLimit-Policy"] = ", ".join([*known, f'"{policy}";q={count};w={MINUTE}'])
        left = [headers["RateLimit"]] if "RateLimit" in headers else []
        # t: seconds until there is room again for one more than now
        wait = math.ceil(verdict.wait_seconds) if not verdict.allowed else math.ceil(MINUTE / count)
        headers["RateLimit"] = ", ".join([*left, f'"{policy}";r={verdict.remaining};t={wait}'])
