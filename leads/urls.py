"""Leads on a company's host."""

from django.urls import path

from leads import views

app_name = "leads"
urlpatterns = [
    path("leads/", views.board, name="board"),
    path("leads/<int:pk>/", views.lead, name="lead"),
    path("leads/<int:pk>/stage/", views.change_stage, name="stage"),
    path("leads/<int:pk>/owner/", views.change_owner, name="owner"),
]
