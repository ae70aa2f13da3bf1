"""What the agent does, and what others may ask of it."""

from agents.services.chat import ChatAnswer, ChatSource, answer_question
from agents.services.drafts import overtake, send_due
from agents.services.opening import open_or_extend, take_up_again
from agents.services.replays import work_on
from agents.services.silence import explain_silence
from agents.services.summarising import forget_summary, summarise
from agents.services.thinking import think
from agents.services.upkeep import sweep

__all__ = [
    "ChatAnswer",
    "ChatSource",
    "answer_question",
    "explain_silence",
    "forget_summary",
    "open_or_extend",
    "overtake",
    "send_due",
    "summarise",
    "sweep",
    "take_up_again",
    "think",
    "work_on",
]
