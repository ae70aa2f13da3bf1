"""Figures on a company's host."""

from django.urls import path

from tenants.figures import views

app_name = "figures"
urlpatterns = [
    path("analytics/", views.analytics, name="analytics"),
    path("analytics/figures.csv", views.table, name="table"),
]
