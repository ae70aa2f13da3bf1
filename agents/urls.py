"""The agent's pages on a company's host."""

from django.urls import path

from agents.views import (
    approvals,
    autonomy,
    drafts,
    experiments,
    impact,
    models,
    playground,
    replays,
    runs,
    versions,
)

app_name = "agents"
urlpatterns = [
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("ask/", runs.ask, name="ask"),
    path("knowledge/<int:pk>/impact/", impact.document, name="impact"),
    path("knowledge/answers/<int:pk>/impact/", impact.answer, name="answer_impact"),
    path("models/", models.settings, name="models"),
    path("autonomy/", autonomy.policy, name="autonomy"),
    path("autonomy/restore/<int:version>/", autonomy.restore, name="restore_autonomy"),
    path("drafts/<int:pk>/approve/", drafts.approve, name="approve_draft"),
    path("drafts/<int:pk>/reject/", drafts.reject, name="reject_draft"),
    path("drafts/<int:pk>/undo/", drafts.undo, name="undo_draft"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/<uuid:pk>/approve/", approvals.approve, name="approve_tool"),
    path("approvals/<uuid:pk>/reject/", approvals.reject, name="reject_tool"),
    path("playground/", playground.playground, name="playground"),
    path("versions/", versions.index, name="versions"),
    path("versions/new/", versions.create, name="new_version"),
    path("versions/<int:number>/", versions.version, name="version"),
    path("versions/<int:number>/discard/", versions.discard, name="discard_version"),
    path("versions/<int:number>/publish/", versions.publish, name="publish_version"),
    path("versions/<int:number>/live/", versions.roll_back, name="roll_back"),
    path("versions/<int:number>/replay/", replays.start, name="start_replay"),
    path("versions/<int:number>/experiment/", experiments.start, name="start_experiment"),
    path("replays/<int:pk>/", replays.replay, name="replay"),
    path("replays/<int:pk>/stop/", replays.stop, name="stop_replay"),
    path("experiments/<int:pk>/", experiments.experiment, name="experiment"),
    path("experiments/<int:pk>/change/", experiments.change, name="change_experiment"),
]
