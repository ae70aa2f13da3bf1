"""The agent's pages on a company's host."""

from django.urls import path

from agents import views

app_name = "agents"
urlpatterns = [
    path("runs/", views.runs, name="runs"),
    path("runs/<int:pk>/", views.run, name="run"),
    path("ask/", views.ask, name="ask"),
]
