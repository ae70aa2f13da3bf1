"""How allauth behaves on a company's host."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """People join a company by invitation; only a company itself signs up, on the public host."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
