"""Knowledge on a company's host."""

from django.urls import path

from knowledge.views import curated, documents, gaps, sources

app_name = "knowledge"
urlpatterns = [
    path("knowledge/", documents.documents, name="documents"),
    path("knowledge/upload/", documents.upload, name="upload"),
    path("knowledge/paste/", documents.paste, name="paste"),
    path("knowledge/<int:pk>/", documents.document, name="document"),
    path("knowledge/<int:pk>/reindex/", documents.reindex, name="reindex"),
    path("knowledge/<int:pk>/replace/", documents.replace, name="replace"),
    path("knowledge/<int:pk>/describe/", documents.describe, name="describe"),
    path("knowledge/<int:pk>/remove/", documents.remove, name="remove"),
    path("knowledge/sources/", sources.sources, name="sources"),
    path("knowledge/sources/add/", sources.add, name="add_source"),
    path("knowledge/sources/<int:pk>/", sources.source, name="source"),
    path("knowledge/sources/<int:pk>/limits/", sources.limits, name="source_limits"),
    path("knowledge/sources/<int:pk>/again/", sources.again, name="look_again"),
    path("knowledge/sources/<int:pk>/remove/", sources.remove, name="remove_source"),
    path("knowledge/answers/", curated.answers, name="curated"),
    path("knowledge/answers/new/", curated.new, name="new_curated_answer"),
    path("knowledge/answers/<int:pk>/", curated.answer, name="curated_answer"),
    path("knowledge/answers/<int:pk>/remove/", curated.remove, name="remove_curated_answer"),
    path("knowledge/gaps/", gaps.gaps, name="gaps"),
    path("knowledge/gaps/<int:pk>/", gaps.gap, name="gap"),
    path("knowledge/gaps/<int:pk>/answer/", gaps.answer_gap, name="answer_gap"),
    path("knowledge/gaps/<int:pk>/dismiss/", gaps.dismiss, name="dismiss_gap"),
    path("knowledge/gaps/<int:pk>/reopen/", gaps.reopen, name="reopen_gap"),
]
