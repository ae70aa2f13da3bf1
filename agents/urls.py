"""The agent's pages on a company's host."""

from django.urls import path

from agents.views import runs

app_name = "agents"
urlpatterns = [
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("ask/", runs.ask, name="ask"),
]
