"""Usage and bill on a company's host."""

from django.urls import path

from tenants.billing import views

app_name = "billing"
urlpatterns = [
    path("usage/", views.usage, name="usage"),
    path("usage/usage.csv", views.usage_table, name="usage_table"),
    path("usage/bill.csv", views.bill_table, name="bill_table"),
    path("usage/limits/", views.limits, name="limits"),
]
