from django.urls import path

from channels_app.webhooks import webhook

# Answered by WebhookLane before any other middleware; named here for the resolver.
urlpatterns = [
    path("<slug:platform>/", webhook, name="webhook"),
    path("<slug:platform>/<str:token>/", webhook, name="connection-webhook"),
]
