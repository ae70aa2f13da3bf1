"""When a file is fetched."""

import dramatiq

from channels_app.media.fetching import fetch


# Its own patience (next_attempt_at) is kept in the row; nothing is blindly tried again.
@dramatiq.actor(queue_name="media", max_retries=0)
def fetch_media(media_id: str) -> None:
    """Bring in one file that a network announced."""
    fetch(media_id=media_id)
