"""Notices on a company's host."""

from django.urls import path

from tenants.notices import views

app_name = "notices"
urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/bell/", views.bell, name="bell"),
    path("notices/read/", views.read, name="read"),
    path("notices/settings/", views.habits, name="habits"),
    path("notices/browsers/", views.subscribe, name="subscribe"),
    path("notices/browsers/<int:pk>/remove/", views.drop_device, name="drop_device"),
    path("notices/unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("notices/<int:pk>/", views.go, name="go"),
]
