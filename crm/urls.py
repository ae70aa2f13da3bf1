"""The CRM page on a company's host."""

from django.urls import path

from crm import views

app_name = "crm"
urlpatterns = [
    path("crm/", views.state, name="state"),
    path("crm/add/<slug:kind>/", views.add, name="add"),
    path("crm/calls/<int:pk>/", views.calls, name="calls"),
    path("crm/retry/", views.retry, name="retry"),
]
