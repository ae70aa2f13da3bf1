"""``manage.py dead_letters --company acme``: what was given up; ``--replay`` tries it again."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.commands import JsonCommand
from tenants.deadletters import deeds
from tenants.deadletters.boxes import Letter, LetterBox, Position, Wanted, box_of, boxes

SLICE = 200
ACTOR = "system:dead_letters"


class Command(JsonCommand):
    help = "Lists dead letters as JSON lines, or tries them again, or lets them go."

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_company(parser)
        parser.add_argument("--kind", metavar="K", default="", help="inbound, outbound, crm, …")
        parser.add_argument("--reason", metavar="R", default="", help="exactly this reason")
        parser.add_argument("--platform", metavar="P", default="")
        parser.add_argument("--since", metavar="T", default="", help="ISO 8601")
        deed = parser.add_mutually_exclusive_group()
        deed.add_argument("--replay", action="store_true", help="try them again")
        deed.add_argument("--discard", action="store_true", help="let them go")
        deed.add_argument("--counts", action="store_true", help="how many of each reason")

    def run(self, **options: Any) -> None:
        wanted = Wanted(
            reason=options["reason"], platform=options["platform"], since=_moment(options["since"])
        )
        with self.inside_company(options["company"]):
            for box in _boxes(options["kind"]):
                if options["replay"] or options["discard"]:
                    self._act(box, wanted, again=options["replay"])
                elif options["counts"]:
                    self._count(box, wanted)
                else:
                    self._list(box, wanted)

    def _list(self, box: LetterBox, wanted: Wanted) -> None:
        position: Position | None = None
        while True:
            start = position.seen_from(box.kind) if position else None
            found = box.letters(wanted, start=start, limit=SLICE)
            for letter in found:
                self.say(**_line(letter))
            if len(found) < SLICE:
                return
            position = found[-1].position

    def _count(self, box: LetterBox, wanted: Wanted) -> None:
        for tally in box.tally(wanted):
            self.say(
                kind=tally.kind, reason=tally.reason, platform=tally.platform, count=tally.count
            )

    def _act(self, box: LetterBox, wanted: Wanted, *, again: bool) -> None:
        until = Wanted(wanted.reason, wanted.platform, wanted.since, timezone.now())
        done, refused, after = 0, 0, ""
        while ids := box.ids(until, after=after, limit=SLICE):
            after = ids[-1]
            if again:
                outcome = deeds.replay(box=box, ids=ids, actor=ACTOR)
                done += outcome.done
                refused += len(outcome.refused)
                for letter_id, code in outcome.refused.items():
                    self.say(id=f"{box.kind}-{letter_id}", refused=code, text=outcome.texts[code])
            else:
                done += deeds.discard(box=box, ids=ids, actor=ACTOR)
        self.say(kind=box.kind, done=done, refused=refused)


def _boxes(kind: str) -> list[LetterBox]:
    if not kind:
        return boxes()
    box = box_of(kind)
    if box is None:
        known = ", ".join(each.kind for each in boxes())
        raise ValidationError(f"There is no kind {kind!r}; choose one of: {known}.")
    return [box]


def _moment(said: str) -> datetime | None:
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError as error:
        raise ValidationError(f"{said!r} is no moment of ISO 8601.") from error
    return found if found.tzinfo else timezone.make_aware(found)


def _line(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.key,
        "reason": letter.reason,
        "text": letter.text,
        "given_up_at": letter.at.isoformat(),
        "first_at": letter.first_at.isoformat(),
        "attempts": letter.attempts,
        "platform": letter.platform,
        "source": letter.source,
        "about": letter.about,
    }
