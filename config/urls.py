"""Every address of a company's host, in one list."""

from django.urls import include, path, re_path

from tenants.api.exceptions import nothing_here
from tenants.console import console

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("config.api")),
    re_path(r"^api/", nothing_here),
    path("i18n/", include("django.conf.urls.i18n")),
    path("chat/", include("channels_app.chat_urls")),
    # Working pages stand before the model pages, whose app indexes they replace.
    path("", include("tenants.pages.urls")),
    path("", include("tenants.deadletters.urls")),
    path("", include("tenants.figures.urls")),
    path("", include("tenants.outgoing.urls")),
    path("", include("tenants.billing.urls")),
    path("", include("tenants.samples.urls")),
    path("", include("tenants.notices.urls")),
    path("", include("channels_app.urls")),
    path("", include("leads.urls")),
    path("", include("knowledge.urls")),
    path("", include("agents.urls")),
    path("", include("crm.urls")),
    path("", console.urls),
]
