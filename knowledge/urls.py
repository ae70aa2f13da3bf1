"""Knowledge on a company's host."""

from django.urls import path

from knowledge import views

app_name = "knowledge"
urlpatterns = [
    path("knowledge/", views.documents, name="documents"),
    path("knowledge/upload/", views.upload, name="upload"),
    path("knowledge/paste/", views.paste, name="paste"),
    path("knowledge/<int:pk>/", views.document, name="document"),
    path("knowledge/<int:pk>/reindex/", views.reindex, name="reindex"),
    path("knowledge/<int:pk>/remove/", views.remove, name="remove"),
]
