"""What every template may know about the installation it runs in."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from members.models import Position, User
from members.rights import Actor
from reviews.demo.accounts import DEMO_ACCOUNTS, DemoAccount


def installation(request: HttpRequest) -> dict[str, object]:
    """Say whether this is a demo (the sign-in page then offers its accounts), and as what
    the person is signed in. Nothing is asked of the database beyond the person's rights."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"demo": settings.DEMO, **demo_accounts()}
    return {"demo": settings.DEMO, "account_place": place_of(request.actor)}  # type: ignore[attr-defined]


def demo_accounts() -> dict[str, object]:
    """The accounts of the demonstration, for the sign-in page; nothing outside demo mode.
    Which of them exist is asked only by a page that shows them."""
    if not settings.DEMO:
        return {}

    def existing() -> list[DemoAccount]:
        names = User.objects.filter(username__in=[one.username for one in DEMO_ACCOUNTS])
        known = set(names.values_list("username", flat=True))
        return [one for one in DEMO_ACCOUNTS if one.username in known]

    return {
        "demo_accounts": SimpleLazyObject(existing),
        "demo_password": settings.DEMO_PASSWORD,
    }


def place_of(actor: Actor) -> str:
    """Where somebody belongs and what they are there: 办公室党支部 · 支部书记; for committee
    staff the committee, whatever branch they are in."""
    if actor.committee_name:
        return " · ".join([actor.committee_name, _("staff")])
    kinds = {kind for branch, kind in actor.positions if branch == actor.branch_id}
    position = next((str(kind.label) for kind in Position.Kind if kind in kinds), "")
    return " · ".join(filter(None, [actor.branch_name, position]))
