"""What a contact is told when a person takes over."""

from agents.refusals import handover_sentence, refusal_sentence
from agents.schemas import Intent
from agents.services.thought import Thought


def acknowledgement(thought: Thought) -> str:
    """A short word that a person will answer; empty where silence is better.

    Advertisers get none, and a public thread is not told: everybody would read it. Where the
    last thing we said was just that, saying it again helps nobody.
    """
    profile, conversation = thought.profile, thought.conversation
    if not profile.says_handover or thought.run.intent == Intent.SPAM or conversation.is_public:
        return ""
    language = thought.run.language or conversation.language[:2]
    usual = (profile.languages or [""])[0]
    sentence = handover_sentence(language, profile.handover, usual=usual)
    known = {sentence, refusal_sentence(language, profile.refusal, usual=usual)}
    ours = [turn.text for turn in thought.history if turn.ours]
    return "" if ours and ours[-1] in known else sentence
