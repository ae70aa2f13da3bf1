"""Every API resource, in one list."""

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from agents.api.approvals import ToolApprovalViewSet
from agents.api.drafts import AutonomyView, ReplyDraftViewSet
from agents.api.experiments import ExperimentViewSet
from agents.api.impact import AnswerImpactView, DocumentImpactView
from agents.api.inquiries import InquiryLeadViewSet
from agents.api.models import ModelSettingsViewSet
from agents.api.playground import PlaygroundView
from agents.api.replays import ReplayViewSet
from agents.api.teaching import AiDisclosureViewSet, LessonViewSet, OwnIntentViewSet
from agents.api.versions import AgentVersionViewSet
from agents.api.views import ChatView, RunViewSet
from channels_app.api.desk import CannedReplyViewSet, InboxViewViewSet
from channels_app.api.doctor import DoctorView
from channels_app.api.incidents import IncidentViewSet
from channels_app.api.merging import ContactMergeViewSet, MergeSuggestionViewSet
from channels_app.api.sandboxes import SandboxViewSet
from channels_app.api.service import BreachViewSet, OwnSeatViewSet, PromiseViewSet, SeatViewSet
from channels_app.api.views import (
    ConnectionViewSet,
    ContactViewSet,
    ConversationViewSet,
    InboundEventViewSet,
    MessageViewSet,
)
from channels_app.media.api import MediaViewSet
from crm.api.calls import PhoneCallViewSet
from crm.api.fields import FieldConflictViewSet
from crm.api.hooks import HookEventViewSet, IncomingHookViewSet, TimelineEntryViewSet
from crm.api.views import CrmConnectionViewSet, SyncRecordViewSet
from knowledge.api.curated import CuratedAnswerViewSet, GapViewSet
from knowledge.api.sources import SourcePageViewSet, SourceViewSet
from knowledge.api.views import DocumentViewSet, PassageViewSet, SearchView
from leads.api.automation import StageRuleViewSet
from leads.api.duplicates import LeadDuplicateViewSet
from leads.api.imports import LeadImportViewSet
from leads.api.rules import RuleSetViewSet
from leads.api.saved import SavedViewViewSet
from leads.api.stages import StagesViewSet
from leads.api.tags import TagViewSet
from leads.api.tasks import TaskViewSet
from tenants.api.views import (
    AccessTokenView,
    ApiKeyViewSet,
    AuditEntryViewSet,
    CompanyViewSet,
    LiveTokenView,
    ProfileViewSet,
    UserViewSet,
)
from tenants.billing.api import BillsView, BillView, LimitsViewSet, UsageView
from tenants.deadletters.api import DeadLetterViewSet, ReplayOrderViewSet
from tenants.figures.api import AnalyticsView
from tenants.notices.api import NoticeViewSet
from tenants.outgoing.api import DeliveryViewSet, EventTypesView, WebhookViewSet
from tenants.samples.api import SamplesViewSet

router = SimpleRouter()
router.register("api-keys", ApiKeyViewSet)
router.register("users", UserViewSet)
router.register("notices", NoticeViewSet)
router.register("audit-entries", AuditEntryViewSet)
router.register("knowledge/documents", DocumentViewSet)
router.register("knowledge/passages", PassageViewSet)
router.register("knowledge/sources", SourceViewSet)
router.register("knowledge/source-pages", SourcePageViewSet)
router.register("knowledge/answers", CuratedAnswerViewSet)
router.register("knowledge/gaps", GapViewSet)
router.register("connections", ConnectionViewSet)
router.register("sandboxes", SandboxViewSet, basename="sandbox")
router.register("contacts", ContactViewSet)
router.register("contact-merges", ContactMergeViewSet)
router.register("merge-suggestions", MergeSuggestionViewSet)
router.register("conversations", ConversationViewSet)
router.register("canned-replies", CannedReplyViewSet)
router.register("inbox-views", InboxViewViewSet)
router.register("messages", MessageViewSet)
router.register("media", MediaViewSet)
router.register("inbound-events", InboundEventViewSet)
router.register("incidents", IncidentViewSet)
router.register("promises", PromiseViewSet)
router.register("breaches", BreachViewSet)
router.register("leads", InquiryLeadViewSet)
router.register("lead-tasks", TaskViewSet)
router.register("lead-tags", TagViewSet)
router.register("lead-views", SavedViewViewSet)
router.register("lead-imports", LeadImportViewSet)
router.register("lead-rules", StageRuleViewSet)
router.register("lead-duplicates", LeadDuplicateViewSet, basename="lead-duplicate")
router.register("scoring-rules", RuleSetViewSet)
router.register("runs", RunViewSet)
router.register("agent-versions", AgentVersionViewSet)
router.register("replays", ReplayViewSet)
router.register("experiments", ExperimentViewSet)
router.register("drafts", ReplyDraftViewSet)
router.register("own-intents", OwnIntentViewSet)
router.register("lessons", LessonViewSet)
router.register("ai-disclosures", AiDisclosureViewSet)
router.register("tool-approvals", ToolApprovalViewSet)
router.register("crm-connections", CrmConnectionViewSet)
router.register("crm-conflicts", FieldConflictViewSet)
router.register("sync-records", SyncRecordViewSet)
router.register("incoming-hooks", IncomingHookViewSet)
router.register("hook-events", HookEventViewSet)
router.register("timeline-entries", TimelineEntryViewSet)
router.register("phone-calls", PhoneCallViewSet)
router.register("webhooks/deliveries", DeliveryViewSet)
router.register("webhooks/endpoints", WebhookViewSet)
router.register("dead-letters", DeadLetterViewSet, basename="dead-letter")
router.register("dead-letter-orders", ReplayOrderViewSet)

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("profile/", ProfileViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
    path("company/", CompanyViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
    path("tokens/", AccessTokenView.as_view(), name="access-token"),
    path("lead-stages/", StagesViewSet.as_view({"get": "retrieve", "put": "update"})),
    path(
        "model-settings/",
        ModelSettingsViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path("live-token/", LiveTokenView.as_view(), name="live-token"),
    path("channels/<int:pk>/doctor/", DoctorView.as_view(), name="channel-doctor"),
    path("playground/", PlaygroundView.as_view(), name="playground"),
    path("chat/", ChatView.as_view(), name="chat"),
    path("analytics/", AnalyticsView.as_view(), name="analytics"),
    path("usage/", UsageView.as_view(), name="usage"),
    path(
        "usage/limits/",
        LimitsViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path(
        "samples/",
        SamplesViewSet.as_view({"get": "retrieve", "post": "create", "delete": "destroy"}),
    ),
    path("bill/", BillsView.as_view(), name="bills"),
    path("bill/<str:month>/", BillView.as_view(), name="bill"),
    path("webhooks/events/", EventTypesView.as_view(), name="webhook-events"),
    path("autonomy/", AutonomyView.as_view(), name="autonomy"),
    path("seats/", SeatViewSet.as_view({"get": "list"}), name="seats"),
    path(
        "seats/mine/",
        OwnSeatViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="own-seat",
    ),
    path(
        "seats/<int:pk>/",
        SeatViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="seat",
    ),
    path("knowledge/documents/<int:pk>/impact/", DocumentImpactView.as_view()),
    path("knowledge/answers/<int:pk>/impact/", AnswerImpactView.as_view()),
    path("knowledge/search/", SearchView.as_view(), name="knowledge-search"),
    *router.urls,
]
