from django.urls import path

from crm.webhooks import hook

urlpatterns = [
    path("<slug:kind>/", hook, name="hook"),
    path("<slug:kind>/<str:token>/", hook, name="own-hook"),
]
