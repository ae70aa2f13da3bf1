from django.urls import path

from channels_app.chat import doors, script

urlpatterns = [
    path("<str:key>.js", script.script, name="chat-script"),
    path("<str:key>/session", doors.session, name="chat-session"),
    path("<str:key>/messages", doors.messages, name="chat-messages"),
    path("<str:key>/files", doors.files, name="chat-files"),
    path("<str:key>/receipts", doors.receipts, name="chat-receipts"),
    path("<str:key>/person", doors.person, name="chat-person"),
    path("<str:key>/history", doors.history, name="chat-history"),
]
