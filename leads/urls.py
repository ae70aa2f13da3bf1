"""Leads on a company's host."""

from django.urls import path

from leads.views import board, rules

app_name = "leads"
urlpatterns = [
    path("leads/", board.board, name="board"),
    path("leads/<int:pk>/", board.lead, name="lead"),
    path("leads/<int:pk>/stage/", board.change_stage, name="stage"),
    path("leads/<int:pk>/owner/", board.change_owner, name="owner"),
    path("leads/scoring/", rules.scoring, name="scoring"),
    path("leads/scoring/draft/", rules.draft, name="draft_rules"),
    path("leads/scoring/<int:number>/", rules.rule_set, name="rule_set"),
    path("leads/scoring/<int:number>/preview/", rules.preview, name="preview_rules"),
    path("leads/scoring/<int:number>/publish/", rules.publish, name="publish_rules"),
    path("leads/scoring/<int:number>/discard/", rules.discard, name="discard_rules"),
]
