"""Webhooks on a company's host."""

from django.urls import path

from tenants.outgoing import views

app_name = "outgoing"
urlpatterns = [
    path("webhooks/", views.endpoints, name="endpoints"),
    path("webhooks/add/", views.add, name="add"),
    path("webhooks/deliveries/<int:pk>/", views.delivery, name="delivery"),
    path("webhooks/deliveries/<int:pk>/replay/", views.replay_one, name="replay_one"),
    path("webhooks/<int:pk>/", views.endpoint, name="endpoint"),
    path("webhooks/<int:pk>/edit/", views.edit, name="edit"),
    path("webhooks/<int:pk>/rotate/", views.rotate, name="rotate"),
    path("webhooks/<int:pk>/switch/", views.switch, name="switch"),
    path("webhooks/<int:pk>/test/", views.test, name="test"),
    path("webhooks/<int:pk>/replay/", views.replay_all, name="replay_all"),
    path("webhooks/<int:pk>/remove/", views.remove, name="remove"),
]
