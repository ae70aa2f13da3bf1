"""Every address of the public host, in one list."""

from django.contrib import admin
from django.urls import include, path

from config.health import metrics

urlpatterns = [
    path("webhooks/", include("channels_app.webhook_urls")),
    path("hooks/", include("crm.webhook_urls")),
    path("forms/", include("channels_app.form_urls")),
    path("oauth/", include("tenants.sign_ins.urls")),
    path("chat/", include("channels_app.chat_urls")),
    path("media/", include("channels_app.media.public_urls")),
    path("metrics", metrics),
    path("", include("tenants.pages.public_urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
