"""When the agent thinks."""

import dramatiq

from agents import services


@dramatiq.actor(queue_name="thinking")
def think(run_id: int) -> None:
    """Bring one run to its end."""
    services.think(run_id=run_id)


@dramatiq.actor(queue_name="thinking")
def send_draft(draft_id: int) -> None:
    """Send a scheduled reply that nobody has undone."""
    services.send_due(draft_id=draft_id)


@dramatiq.actor(queue_name="upkeep")
def replay(replay_id: int) -> None:
    """Try a draft on some more of the questions of its trial."""
    services.work_on(replay_id=replay_id)


@dramatiq.actor(queue_name="upkeep")
def summarise(conversation_id: int) -> None:
    """Sum up what a long thread's prompts have no room for."""
    services.summarise(conversation_id=conversation_id)
