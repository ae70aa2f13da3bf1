"""What a role may do over the API is what it may do in the console."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

VERBS = {"list": "view", "retrieve": "view", "create": "add", "destroy": "delete"}


class ConsolePermission(BasePermission):
    """Asks the role table. A view without a model names its right as ``permission``."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        return bool(request.user.has_perm(self._right(view)))

    def _right(self, view: Any) -> str:
        named = getattr(view, "permission", None)
        if named:
            return str(named)
        model = view.queryset.model._meta
        # A named action changes something unless it says otherwise.
        verb = VERBS.get(view.action, getattr(view, "verbs", {}).get(view.action, "change"))
        return f"{model.app_label}.{verb}_{model.model_name}"
