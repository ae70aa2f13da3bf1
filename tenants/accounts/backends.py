"""Django's permission questions, answered from the role table."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from tenants import context
from tenants.accounts import roles
from tenants.accounts.models import User


class RoleBackend(ModelBackend):
    """Passwords as Django checks them; rights from ``roles`` (public: superusers only)."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        if context.schema() == context.PUBLIC:
            return user_obj.is_superuser
        return roles.allows(user_obj.role, perm)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return self.has_perm(user_obj, f"{app_label}.view_anything")


class CompanyBackend(AuthenticationBackend):
    """Sign-in by any address of a member's. The public schema, where superusers sign in by their
    own, has no table of addresses to look into."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        if context.schema() == context.PUBLIC:
            return None
        return super().authenticate(request, **credentials)
