"""The CRM page on a company's host."""

from django.urls import path

from crm import field_views, sign_in_views, views

app_name = "crm"
urlpatterns = [
    path("crm/", views.state, name="state"),
    path("crm/add/<slug:kind>/", views.add, name="add"),
    path("crm/calls/<int:pk>/", views.calls, name="calls"),
    path("crm/retry/", views.retry, name="retry"),
    path("crm/sign-in/<slug:kind>/start/", sign_in_views.start, name="sign_in_start"),
    path("crm/sign-in/<uuid:attempt_id>/", sign_in_views.attempt, name="sign_in"),
    path("crm/sign-in/<uuid:attempt_id>/back/", sign_in_views.back, name="sign_in_back"),
    path("crm/<int:pk>/", field_views.connection, name="connection"),
    path("crm/<int:pk>/there/", field_views.there, name="there"),
    path("crm/<int:pk>/fields/", field_views.map_fields, name="map"),
    path("crm/<int:pk>/leads/", field_views.backfill, name="backfill"),
    path("crm/records/<int:pk>/", field_views.record, name="record"),
    path("crm/records/<int:pk>/send/", field_views.resend_record, name="resend"),
    path("crm/conflicts/", field_views.conflicts, name="conflicts"),
    path("crm/conflicts/<int:pk>/", field_views.decide, name="decide"),
]
