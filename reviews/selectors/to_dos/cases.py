"""Disposition cases on which somebody has to act: the branch files, the committee decides."""

from collections.abc import Iterable, Iterator

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from members.rights import Actor
from reviews.models import Disposition, FollowUp
from reviews.selectors.to_dos.to_do import ToDo, some

UNDECIDED = Q(kind=FollowUp.Kind.DISPOSITION, state=FollowUp.State.RECORDED)
"""Cases with an opinion that nobody has decided."""


def with_stage(follow_ups: "QuerySet[FollowUp]") -> "QuerySet[FollowUp]":
    """With the state of each case's current row as ``stage``, and who gave the opinion."""
    current = Disposition.objects.filter(follow_up=OuterRef("pk"), is_current=True)
    return follow_ups.annotate(
        stage=Subquery(current.values("state")[:1]),
        opinion_by=Subquery(current.values("opinion_by")[:1]),
    )


def undecided_cases(rows: Iterable[FollowUp], actor: Actor) -> Iterator[ToDo]:
    """What is to be filed, by whoever may; in one line what waits for the committee. Never to
    the member concerned. No query."""
    filed = []
    for row in rows:
        if actor.member_id is not None and row.member_id == actor.member_id:
            continue
        if getattr(row, "stage", "") == Disposition.State.FILED:
            filed += [row] if actor.is_staff_over(row.branch_id) else []
        elif actor.is_secretary_of(row.branch_id) or _prepared(row, actor):
            yield to_file(row)
    if filed:
        yield to_decide(filed)


def _prepared(row: FollowUp, actor: Actor) -> bool:
    """Whether this person gave the opinion in place of a secretary."""
    return bool(getattr(row, "opinion_by", None) == actor.user.pk)


def to_file(row: FollowUp) -> ToDo:
    return ToDo(
        title=_("File the disposition case of %(name)s with the committee") % {"name": row.member},
        note=row.branch.name,
        url=row.get_absolute_url(),
        action=pgettext("to-do", "View"),
        icon="send",
    )


def to_decide(rows: list[FollowUp]) -> ToDo:
    """One line; a single case is opened at once."""
    title = ngettext(
        "Decide %(count)s disposition case", "Decide %(count)s disposition cases", len(rows)
    )
    cases = f"{reverse('follow_ups')}?show=cases"
    return ToDo(
        title=title % {"count": len(rows)},
        note=some(str(row.member) for row in rows),
        url=rows[0].get_absolute_url() if len(rows) == 1 else cases,
        action=pgettext("to-do", "View"),
        icon="gavel",
    )
