"""Where networks send people back to after they signed in there; on the public host."""

from django.urls import path

from channels_app.views import sign_ins

urlpatterns = [path("callback/<slug:kind>/", sign_ins.callback, name="sign-in-callback")]
