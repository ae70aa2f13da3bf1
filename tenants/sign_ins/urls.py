"""Where vendors send people back to after they signed in there; on the public host."""

from django.urls import path

from tenants.sign_ins import views

urlpatterns = [path("callback/<slug:kind>/", views.callback, name="sign-in-callback")]
