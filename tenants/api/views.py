"""The ground floor's resources: keys, people, profile, audit log, and the way to live events."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from tenants import context
from tenants.accounts.credentials import Token, issue_token
from tenants.accounts.invitations import send_invitation
from tenants.accounts.models import ApiKey, User
from tenants.accounts.scopes import EVERYTHING
from tenants.accounts.services import change_member, invite, revoke_key
from tenants.api.exceptions import problem
from tenants.api.serializers import (
    ApiKeySerializer,
    AuditEntrySerializer,
    ChangeUserSerializer,
    CompanySerializer,
    InvitedSerializer,
    InviteSerializer,
    LiveTokenSerializer,
    MeSerializer,
    NewApiKeySerializer,
    ProfileSerializer,
    TokenRequestSerializer,
    TokenSerializer,
    UserSerializer,
)
from tenants.audit.models import AuditEntry
from tenants.live import TOKEN_SECONDS, listener_at, listening_token
from tenants.services import change_company, create_api_key
from tenants.workspace.models import Profile
from tenants.workspace.services import change_profile


class ApiKeyViewSet(ReadOnlyModelViewSet):
    """Ways in for programs. The key itself is in the answer to its creation, and nowhere else."""

    verbs = {"revoke": "delete"}
    queryset = ApiKey.objects.all()
    serializer_class = ApiKeySerializer
    filterset_fields = {"role": ["exact"], "revoked_at": ["isnull"]}

    @extend_schema(request=ApiKeySerializer, responses={201: NewApiKeySerializer})
    def create(self, request: Request) -> Response:
        """Make a key; its secret is shown this once."""
        body = ApiKeySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        key, full_key = create_api_key(
            name=body.validated_data["name"],
            role=body.validated_data.get("role", "agent"),
            scopes=body.validated_data.get("scopes", [EVERYTHING]),
            maker_scopes=by.scopes,
            expires_at=body.validated_data.get("expires_at"),
            created_by=by if isinstance(by, User) else None,
            actor=by.actor,
        )
        shown = {**ApiKeySerializer(key).data, "key": full_key}
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=ApiKeySerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str | None = None) -> Response:
        """From now on the key opens nothing."""
        by: Any = request.user
        return Response(ApiKeySerializer(revoke_key(key=self.get_object(), revoked_by=by)).data)


class UserViewSet(ReadOnlyModelViewSet):
    """People of the company. Letting them in asks for every scope: a person has them all."""

    queryset = User.objects.all()
    serializer_class = UserSerializer
    filterset_fields = {"role": ["exact"], "is_active": ["exact"]}

    @extend_schema(request=InviteSerializer, responses={201: InvitedSerializer})
    def create(self, request: Request) -> Response:
        """Invite somebody; the link to choose a password is mailed, and in the answer."""
        if (refused := _beyond_the_key(request)) is not None:
            return refused
        body = InviteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        user = invite(**body.validated_data, invited_by=by)
        shown = {**UserSerializer(user).data, "link": send_invitation(request, user)}
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangeUserSerializer, responses=UserSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Another role for somebody, or the door. A company keeps one active admin."""
        if (refused := _beyond_the_key(request)) is not None:
            return refused
        user = self.get_object()
        body = ChangeUserSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        wanted = {"role": user.role, "is_active": user.is_active, **body.validated_data}
        changed = change_member(user=user, **wanted, changed_by=by)
        return Response(UserSerializer(changed).data)

    @extend_schema(responses=MeSerializer, filters=False)
    @action(detail=False, permission_classes=[IsAuthenticated], pagination_class=None)
    def me(self, request: Request) -> Response:
        """Who asks, and at which company."""
        by: Any = request.user
        return Response(
            MeSerializer(
                {
                    "actor": by.actor,
                    "role": by.role,
                    "scopes": list(by.scopes),
                    "name": str(by),
                    "company": context.schema(),
                }
            ).data
        )


def _beyond_the_key(request: Request) -> Response | None:
    """Nobody lets in a person who may do more than they themselves."""
    by: Any = request.user
    if EVERYTHING in by.scopes:
        return None
    return problem(403, "insufficient_scope", "This needs every scope: a person has them all.")


class AuditEntryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Who did what, newest first. The log only grows."""

    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    filterset_fields = {
        "action": ["exact", "startswith"],
        "actor": ["exact"],
        "subject": ["exact"],
        "at": ["gte", "lt"],
    }


class ProfileViewSet(GenericViewSet):
    """How the company wants to be represented."""

    queryset = Profile.objects.all()
    serializer_class = ProfileSerializer
    pagination_class = None
    filter_backends = []

    def retrieve(self, request: Request) -> Response:
        return Response(ProfileSerializer(Profile.current()).data)

    def partial_update(self, request: Request) -> Response:
        """Change some of it; the next message is handled that way."""
        body = ProfileSerializer(Profile.current(), data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        profile = change_profile(actor=by.actor, **body.validated_data)
        return Response(ProfileSerializer(profile).data)


class CompanyViewSet(GenericViewSet):
    """The company itself."""

    queryset = Profile.objects.all()
    serializer_class = CompanySerializer
    pagination_class = None
    filter_backends = []

    def retrieve(self, request: Request) -> Response:
        return Response(CompanySerializer(context.current_company()).data)

    def partial_update(self, request: Request) -> Response:
        """Another name, or another clock."""
        body = CompanySerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        company = change_company(actor=by.actor, **body.validated_data)
        return Response(CompanySerializer(company).data)


class AccessTokenView(APIView):
    """A short-lived token, for where a key should not go: a browser, a partner, a function.

    It speaks for whoever asked for it, and ends within fifteen minutes, with its key, or when
    the person may no longer come in. A token makes no token.
    """

    permission_classes = [IsAuthenticated]

    @extend_schema(request=TokenRequestSerializer, responses={201: TokenSerializer})
    def post(self, request: Request) -> Response:
        """Make a token with your scopes, or with fewer."""
        if isinstance(request.auth, Token):
            return problem(403, "token_from_token", "Ask by a key or a session: not by a token.")
        body = TokenRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        by: Any = request.user
        try:
            token = issue_token(holder=by, held=body.validated_data["scopes"])
        except ValueError as error:
            return problem(403, "insufficient_scope", str(error))
        made = {
            "access_token": token.text,
            "token_type": "Bearer",
            "expires_in": token.seconds,
            "scope": " ".join(token.scopes),
        }
        return Response(TokenSerializer(made).data, status=status.HTTP_201_CREATED)


class LiveTokenView(APIView):
    """A short-lived token for the WebSocket of live events."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses=LiveTokenSerializer)
    def post(self, request: Request) -> Response:
        """Send the token as the socket's first frame, with the id of the last event seen."""
        listener = listener_at(request)
        scheme = "wss" if request.is_secure() else "ws"
        base = (
            settings.LIVE_URL.replace("http", "ws", 1)
            or f"{scheme}://{listener.host}:{settings.LIVE_PORT}"
        )
        return Response(
            LiveTokenSerializer(
                {
                    "token": listening_token(listener),
                    "url": f"{base.rstrip('/')}/ws/",
                    "expires_in": TOKEN_SECONDS,
                }
            ).data
        )
