from django.urls import path

from channels_app.submissions import submission

urlpatterns = [
    path("<str:key>/", submission, name="form-submission"),
]
