"""What this app tells the floors above. Sent after commit, inside the company's schema."""

from django.dispatch import Signal

# sender=Message, message: channels_app.models.Message, change: "new" | "edited" | "deleted".
# Only what a contact wrote rings it; our own sends, echoes and statuses do not.
message_received = Signal()
