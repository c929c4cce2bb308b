"""What every template may know about the installation it runs in."""

from django.conf import settings
from django.http import HttpRequest

from members.models import Position
from members.rights import Actor


def installation(request: HttpRequest) -> dict[str, object]:
    """Say whether this is a demo (the sign-in page then offers its accounts), and as what
    the person is signed in. Nothing is asked of the database beyond the person's rights."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"demo": settings.DEMO}
    return {"demo": settings.DEMO, "account_place": place_of(request.actor)}  # type: ignore[attr-defined]


def place_of(actor: Actor) -> str:
    """Where somebody belongs and what they are there: 办公室党支部 · 支部书记."""
    kinds = {kind for branch, kind in actor.positions if branch == actor.branch_id}
    position = next((str(kind.label) for kind in Position.Kind if kind in kinds), "")
    return " · ".join(filter(None, [actor.branch_name or actor.committee_name, position]))
