"""The ground floor's pages on the public host."""

from django.urls import path

from tenants.pages import public

app_name = "public"
urlpatterns = [
    path("", public.landing, name="landing"),
    path("sign-up/", public.sign_up, name="sign_up"),
    path("find/", public.find, name="find"),
    path("theme/", public.set_theme, name="theme"),
]
