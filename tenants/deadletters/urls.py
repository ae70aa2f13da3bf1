"""Dead letters on a company's host."""

from django.urls import path

from tenants.deadletters import views

app_name = "deadletters"
urlpatterns = [
    path("dead-letters/", views.letters, name="letters"),
    path("dead-letters/act/", views.act, name="act"),
    path("dead-letters/order/", views.order, name="make_order"),
    path("dead-letters/orders/<int:pk>/", views.progress, name="order"),
    path("dead-letters/<str:key>/", views.letter, name="letter"),
]
