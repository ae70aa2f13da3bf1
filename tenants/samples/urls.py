"""Sample data on a company's host."""

from django.urls import path

from tenants.samples import views

app_name = "samples"
urlpatterns = [
    path("samples/", views.page, name="page"),
    path("samples/state/", views.state, name="state"),
    path("samples/load/", views.load, name="load"),
    path("samples/remove/", views.remove, name="remove"),
]
