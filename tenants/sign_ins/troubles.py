"""Why a sign-in ended: what is shown, and what to do about it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True)
class Trouble:
    """A title and an advice, for the translators; ``status`` is the page's."""

    title: str
    advice: str
    status: int = 400

    def told(self) -> dict[str, str]:
        return {"title": _(self.title), "advice": _(self.advice)}


# What the person chose is no error; what somebody else made up is not let in.
TROUBLES: dict[str, Trouble] = {
    "denied": Trouble(
        gettext_noop("You did not give your consent"),
        gettext_noop("Nothing was connected. Sign in again whenever you like."),
        200,
    ),
    "refused": Trouble(
        gettext_noop("The network did not let us in"),
        gettext_noop("Sign in again; if that does not help, connect by the form instead."),
    ),
    "no_answer": Trouble(
        gettext_noop("The network did not answer as it should"),
        gettext_noop("Nothing was connected. Try again in a few minutes."),
    ),
    "nothing": Trouble(
        gettext_noop("Nothing to connect came with this sign-in"),
        gettext_noop(
            "The person who signed in manages no account there that we could use, or chose none."
            " Sign in as an administrator and choose every account you want to connect."
        ),
        200,
    ),
    "expired": Trouble(
        gettext_noop("That took too long"),
        gettext_noop("A sign-in is good for a quarter of an hour. Begin again."),
    ),
    "used": Trouble(
        gettext_noop("This way back was used already"),
        gettext_noop("Each sign-in counts once. See what is connected, or begin again."),
    ),
    "stranger": Trouble(
        gettext_noop("Somebody else began this sign-in"),
        gettext_noop(
            "Nothing was connected. If you were sent this link, do not use it: begin in your own"
            " console."
        ),
        403,
    ),
    "forged": Trouble(
        gettext_noop("This is no way back from a sign-in of ours"),
        gettext_noop("Nothing was connected. Begin in your own console."),
        403,
    ),
    "mix_up": Trouble(
        gettext_noop("The answer came from another network than the one you were sent to"),
        gettext_noop("Nothing was connected, and what came was not used. Begin again."),
        403,
    ),
    "another_account": Trouble(
        gettext_noop("This is another account than the one that is connected"),
        gettext_noop(
            "Nothing was changed. Sign in with the account you had, or connect the other one as a"
            " CRM of its own."
        ),
    ),
    "scopes": Trouble(
        gettext_noop("Some permissions are missing"),
        gettext_noop(
            "Nothing was connected, since leads could not be kept in step without them. Sign in"
            " again and leave every permission ticked; if they cannot be ticked, the operator's"
            " app does not ask for them."
        ),
    ),
}


def trouble_of(code: str) -> Trouble:
    return TROUBLES.get(code, TROUBLES["refused"])
