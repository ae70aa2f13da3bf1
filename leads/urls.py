"""Leads on a company's host."""

from django.urls import path

from leads.views import automation, board, duplicates, files, lead, rules, tags, work

app_name = "leads"
urlpatterns = [
    path("leads/", board.board, name="board"),
    path("leads/board/", board.pipeline, name="pipeline"),
    path("leads/board/<slug:stage>/", board.cards, name="cards"),
    path("leads/many/", work.change_many, name="many"),
    path("leads/many/undo/", work.undo, name="undo"),
    path("leads/views/", work.save_view, name="save_view"),
    path("leads/views/<int:pk>/remove/", work.remove_view, name="remove_view"),
    path("leads/tasks/", work.my_tasks, name="tasks"),
    path("leads/tasks/<int:pk>/done/", lead.finish_task, name="task_done"),
    path("leads/automation/", automation.rules, name="automation"),
    path("leads/automation/<int:pk>/", automation.switch, name="switch_rule"),
    path("leads/automation/<int:pk>/remove/", automation.remove, name="remove_rule"),
    path("leads/stages/", work.arrange, name="stages"),
    path("leads/tags/", tags.tags, name="tags"),
    path("leads/tags/<int:pk>/", tags.change, name="change_tag"),
    path("leads/tags/<int:pk>/retire/", tags.retire, name="retire_tag"),
    path("leads/duplicates/", duplicates.duplicates, name="duplicates"),
    path("leads/duplicates/<int:pk>/merge/", duplicates.merge, name="merge_duplicate"),
    path("leads/duplicates/<int:pk>/dismiss/", duplicates.dismiss, name="dismiss_duplicate"),
    path("leads/export/", files.export, name="export"),
    path("leads/import/", files.upload, name="import"),
    path("leads/import/<int:pk>/", files.order, name="import_order"),
    path("leads/import/<int:pk>/start/", files.start, name="import_start"),
    path("leads/import/<int:pk>/discard/", files.discard, name="import_discard"),
    path("leads/<int:pk>/", lead.lead, name="lead"),
    path("leads/<int:pk>/timeline/", lead.timeline, name="timeline"),
    path("leads/<int:pk>/stage/", board.change_stage, name="stage"),
    path("leads/<int:pk>/owner/", lead.change_owner, name="owner"),
    path("leads/<int:pk>/tags/", lead.add_tag, name="add_tag"),
    path("leads/<int:pk>/tags/<int:tag>/remove/", lead.remove_tag, name="remove_tag"),
    path("leads/<int:pk>/merges/<int:merge>/undo/", duplicates.part, name="part"),
    path("leads/<int:pk>/tasks/", lead.add_task, name="add_task"),
    path("leads/scoring/", rules.scoring, name="scoring"),
    path("leads/scoring/draft/", rules.draft, name="draft_rules"),
    path("leads/scoring/<int:number>/", rules.rule_set, name="rule_set"),
    path("leads/scoring/<int:number>/preview/", rules.preview, name="preview_rules"),
    path("leads/scoring/<int:number>/publish/", rules.publish, name="publish_rules"),
    path("leads/scoring/<int:number>/discard/", rules.discard, name="discard_rules"),
]
