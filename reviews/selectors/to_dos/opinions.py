"""What a member has to do about an opinion on themself (domain.md §8)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from members.rights import Actor
from reviews.models import Opinion
from reviews.selectors.to_dos.to_do import ToDo


def opinions(actor: Actor) -> Iterator[ToDo]:
    """Opinions on oneself that wait to be confirmed; what they say stands on their page only.
    One query."""
    waiting = Opinion.objects.filter(member=actor.member_id, state=Opinion.State.OPEN)
    for opinion in waiting.order_by("confirm_by", "pk"):
        yield ToDo(
            title=_("Answer the opinion on your points of %(year)s") % {"year": opinion.year},
            note=pgettext("opinion", "Silence counts as agreement."),
            url=opinion.get_absolute_url(),
            action=pgettext("to-do", "Answer the opinion"),
            icon="file-badge",
            due_on=opinion.confirm_by,
        )
