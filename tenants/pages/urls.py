"""The ground floor's pages on a company's host."""

from django.urls import path

from tenants.pages import components, people, public, sso, workspace

app_name = "workspace"
urlpatterns = [
    path("", workspace.dashboard, name="dashboard"),
    path("enter/", workspace.enter, name="enter"),
    path("theme/", public.set_theme, name="theme"),
    path("settings/", workspace.settings_page, name="settings"),
    path("settings/sign-in/", sso.sso, name="sso"),
    path("team/", people.team, name="team"),
    path("team/<int:pk>/", people.change, name="member"),
    path("keys/", people.keys, name="keys"),
    path("keys/<int:pk>/revoke/", people.revoke, name="revoke"),
    path("audit/", workspace.audit, name="audit"),
    path("live-token/", workspace.live_token, name="live_token"),
    path("components/", components.components, name="components"),
    path("records/", workspace.records, name="records"),
]
