"""Every address of a company's host, in one list."""

from django.urls import include, path

from tenants.console import console

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("config.api")),
    path("", console.urls),
]
