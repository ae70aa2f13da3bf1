"""Files on the public host, by links that were handed out."""

from django.urls import path

from channels_app.media import views

urlpatterns = [path("<str:token>/", views.public_file, name="public_file")]
