"""What a role may do over the API is what it may do in the console; scopes narrow a key further."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.accounts import roles
from tenants.accounts.scopes import allow, scope_of

VERBS = {"list": "view", "retrieve": "view", "create": "add", "destroy": "delete"}


class OutOfScope(PermissionDenied):
    """The role would do, the key's or token's scopes do not."""

    default_code = "insufficient_scope"


class ConsolePermission(BasePermission):
    """Asks the tables of roles and scopes. A view without a model names its right itself."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        right = right_of(view, getattr(view, "action", None) or "")
        if request.user.has_perm(right):
            return True
        if _is_out_of_scope(request.user, right):
            raise OutOfScope(f"This needs the scope {scope_of(right)}.")
        return False


def right_of(view: Any, action: str) -> str:
    """What an action of a view asks for, e.g. ``leads.change_lead``."""
    named = getattr(view, "permission", None)
    if named:
        return str(named)
    model = view.queryset.model._meta
    # A named action changes something unless it says otherwise.
    verb = VERBS.get(action, getattr(view, "verbs", {}).get(action, "change"))
    return f"{model.app_label}.{verb}_{model.model_name}"


def _is_out_of_scope(user: Any, right: str) -> bool:
    return not allow(user.scopes, right) and roles.allows(user.role, right)
