"""What the rules of versions forbid, as a program is told of it."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiResponse

from agents.services.versions import NotCleared, Unfit, VersionRefused
from tenants.api.exceptions import problem

REFUSED = OpenApiResponse(description="The rules of versions forbid it; ``code`` says which.")


def deed(doing: Callable[[], Any]) -> Any:
    """What the service returned, or the problem its refusal is."""
    try:
        return doing()
    except Unfit as error:
        return problem(422, "unfit", str(error), faults=error.faults)
    except NotCleared as error:
        replay = error.clearance.replay
        return problem(409, error.code, str(error), replay=replay.pk if replay else None)
    except VersionRefused as error:
        return problem(409, error.code, str(error))
