"""Inbox and channels on a company's host."""

from django.urls import path

from channels_app.media import views as media
from channels_app.views import (
    connections,
    contacts,
    deeds,
    doctor,
    inbox,
    incidents,
    sign_ins,
    typing,
    webchat,
)

app_name = "channels_app"
urlpatterns = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/list/", inbox.conversation_list, name="list"),
    path("inbox/<int:pk>/", inbox.conversation, name="conversation"),
    path("inbox/<int:pk>/thread/", inbox.thread, name="thread"),
    path("inbox/<int:pk>/context/", inbox.context_pane, name="context"),
    path("inbox/<int:pk>/reply/", deeds.reply, name="reply"),
    path("inbox/<int:pk>/typing/", typing.typing, name="typing"),
    path("inbox/comments/<int:pk>/", deeds.moderate, name="moderate"),
    path("inbox/<int:pk>/take-over/", deeds.take_over, name="take_over"),
    path("inbox/<int:pk>/hand-back/", deeds.hand_back, name="hand_back"),
    path("inbox/<int:pk>/assign/", deeds.assign, name="assign"),
    path("inbox/<int:pk>/close/", deeds.close, name="close"),
    path("inbox/<int:pk>/reopen/", deeds.reopen, name="reopen"),
    path("media/<str:token>/", media.member_file, name="media"),
    path("inbox/files/<uuid:pk>/again/", media.fetch_again, name="fetch_again"),
    path("contacts/", contacts.contacts, name="contacts"),
    path("contacts/<int:pk>/", contacts.contact, name="contact"),
    path("contacts/<int:pk>/merge/<int:other>/", contacts.compare, name="compare"),
    path("contacts/merges/<int:pk>/undo/", contacts.part, name="part"),
    path("contacts/suggestions/<int:pk>/dismiss/", contacts.dismiss, name="dismiss"),
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<int:pk>/seen/", incidents.seen, name="incident_seen"),
    path("incidents/<int:pk>/again/", incidents.again, name="incident_again"),
    path("incidents/<int:pk>/close/", incidents.close, name="incident_close"),
    path("channels/", connections.channels, name="channels"),
    path(
        "channels/sign-in/<slug:kind>/<slug:platform>/start/",
        sign_ins.start,
        name="sign_in_start",
    ),
    path("channels/sign-in/<uuid:attempt_id>/", sign_ins.attempt, name="sign_in"),
    path("channels/sign-in/<uuid:attempt_id>/back/", sign_ins.back, name="sign_in_back"),
    path("channels/add/<slug:platform>/", connections.add, name="add"),
    path("channels/<int:pk>/", connections.channel, name="channel"),
    path("channels/<int:pk>/doctor/", doctor.doctor, name="doctor"),
    path("channels/<int:pk>/chat/", webchat.chat_settings, name="chat_settings"),
    path("channels/<int:pk>/chat/preview/", webchat.preview, name="chat_preview"),
    path("channels/<int:pk>/disconnect/", connections.remove, name="disconnect"),
]
