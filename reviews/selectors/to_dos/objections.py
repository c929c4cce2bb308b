"""Objections to answer and appeals to decide."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from members.rights import Actor
from reviews.models import Appeal
from reviews.rules import may_answer, may_decide_appeal
from reviews.selectors.to_dos.desk import Desk
from reviews.selectors.to_dos.reviews import where
from reviews.selectors.to_dos.to_do import ToDo
from reviews.services.panels import APPEALED, panels_of, panels_of_appeals
from reviews.services.round import month_label
from reviews.workflow import Seat


def answers(desk: Desk) -> Iterator[ToDo]:
    """Objections that this person may answer. Five queries where there are any."""
    panels = panels_of(desk.objections, desk.today)
    for objection in desk.objections:
        round_ = objection.publication.round
        bench = desk.benches[round_.branch_id]
        if may_answer(desk.actor, objection, panels[objection.pk]):
            yield ToDo(
                title=_("Answer the objection of %(name)s") % {"name": objection.member.name},
                note=where(round_, Seat(desk.actor, bench), month_label(round_.month)),
                url=objection.get_absolute_url(),
                action=pgettext("to-do", "Answer"),
                icon="message-square-warning",
                due_on=objection.publication.ends_on,
            )


def appeals(actor: Actor, *, today: date) -> Iterator[ToDo]:
    """Appeals that this person may decide. One query, and four where there are any."""
    waiting = list(
        Appeal.objects.open()
        .filter(branch__in=actor.branches_below)
        .select_related(*APPEALED)
        .order_by("decide_by", "pk")
    )
    panels = panels_of_appeals(waiting, today)
    for appeal in waiting:
        if may_decide_appeal(actor, appeal, panels[appeal.pk]):
            yield ToDo(
                title=_("Decide the appeal of %(name)s") % {"name": appeal.member.name},
                note=appeal.branch.name,
                url=appeal.get_absolute_url(),
                action=pgettext("to-do", "Rule on it"),
                icon="scale",
                due_on=appeal.decide_by,
            )
