"""The agent's pages on a company's host."""

from django.urls import path

from agents.views import autonomy, drafts, models, runs

app_name = "agents"
urlpatterns = [
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("ask/", runs.ask, name="ask"),
    path("models/", models.settings, name="models"),
    path("autonomy/", autonomy.policy, name="autonomy"),
    path("autonomy/restore/<int:version>/", autonomy.restore, name="restore_autonomy"),
    path("drafts/<int:pk>/approve/", drafts.approve, name="approve_draft"),
    path("drafts/<int:pk>/reject/", drafts.reject, name="reject_draft"),
    path("drafts/<int:pk>/undo/", drafts.undo, name="undo_draft"),
]
