"""What a member has to do about an opinion on themself, and whoever issued one about its basis
(domain.md §8)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from members.rights import Actor
from reviews.models import Opinion
from reviews.selectors.opinions import issuing_branches
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


def baseless_opinions(actor: Actor) -> Iterator[ToDo]:
    """Opinions that one issued and that still stand, although the nomination on which they rest
    was withdrawn. One query."""
    mine = Opinion.objects.baseless().filter(
        issued_by=actor.user, branch__in=issuing_branches(actor)
    )
    for opinion in mine.select_related("member").order_by("pk"):
        yield ToDo(
            title=_("Decide whether the opinion on %(name)s can stand")
            % {"name": opinion.member.name},
            note=_("The nomination on which it rests was withdrawn."),
            url=opinion.get_absolute_url(),
            action=pgettext("to-do", "Look at the opinion"),
            icon="file-badge",
        )
