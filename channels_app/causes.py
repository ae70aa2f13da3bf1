"""Why a customer was left alone, and why a retry is no use: codes as sentences."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

CAUSES = {
    "no_worker": gettext_lazy("No worker is running: nothing is read, thought or sent."),
    "events_stuck": gettext_lazy("What came in has not been read."),
    "events_rejected": gettext_lazy("What came in could not be read; see the dead letters."),
    "events_unseen": gettext_lazy(
        "Somebody wrote, and the network shows it in its own app only. Answer there."
    ),
    "stuck": gettext_lazy("The answer does not leave."),
    "unknown_delivery": gettext_lazy("Nobody knows whether the answer arrived."),
    "failed": gettext_lazy("The answer could not be delivered."),
    "ai_off": gettext_lazy("The AI is switched off and nobody has taken the conversation."),
    "no_run": gettext_lazy("The AI never looked at it."),
    "run_waiting": gettext_lazy("The AI has not begun to think about it."),
    "run_slow": gettext_lazy("The AI is still thinking."),
    "run_stuck": gettext_lazy("The AI began and never finished."),
    "run_failed": gettext_lazy("The AI's run failed."),
    "drafted": gettext_lazy("A draft waits for approval."),
    "person_silent": gettext_lazy("It is with a person, and nobody has answered."),
}
NO_RETRY = {
    "resolved": gettext_lazy("It is over already."),
    "gone": gettext_lazy("The message is gone."),
    "ai_off": gettext_lazy("The AI is switched off; answer yourself."),
    "answered": gettext_lazy("It was answered meanwhile."),
    "a_person_is_waited_for": gettext_lazy("It waits for a person: open it and answer."),
    "no_conversation": gettext_lazy("There is no conversation to close; try to read it again."),
    "seen_elsewhere": gettext_lazy(
        "It cannot be read here. Answer in the network's own app, then let it go in the dead"
        " letters."
    ),
    "unknown_delivery": gettext_lazy("It may have arrived. Look first, then say whether it did."),
    "conversation_moved_on": gettext_lazy("The conversation moved on; write anew."),
    "private_reply_used": gettext_lazy("The comment was answered in private already."),
}


def cause_of(code: str) -> str:
    """A cause for people; a network's own code is named as such."""
    if code in CAUSES:
        return str(CAUSES[code])
    if code.startswith("run_"):
        return _("The AI ended its run without an answer.")
    return _("The network refused the answer (%(code)s).") % {"code": code}


def why_no_retry(code: str) -> str:
    return str(NO_RETRY.get(code, code))
