"""What a member has to do about their own month: file, put right, check."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Count, Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from members.rights import Actor
from points.models import Declaration, Entry, MonthlyResult
from reviews.models import Publication, Round, Verification
from reviews.selectors.to_dos.to_do import ToDo
from reviews.services.review import what_to_correct
from reviews.services.round import month_label


def sheets(actor: Actor) -> Iterator[ToDo]:
    """One's own sheets that are to be filed or put right. One query."""
    waiting = Declaration.objects.filter(
        member=actor.member_id,
        state__in=[Declaration.State.DRAFT, Declaration.State.RETURNED],
    ).annotate(
        registered=Count(
            "entries", filter=~Q(entries__source=Entry.Source.DECLARED), distinct=True
        ),
        remarked=Count(
            "entries__remarks",
            filter=Q(submitted_at__isnull=True)
            | Q(entries__remarks__made_at__gte=F("submitted_at")),
            distinct=True,
        ),
    )
    for sheet in waiting.order_by("month"):
        month = {"month": month_label(sheet.month)}
        if sheet.state == Declaration.State.RETURNED:
            yield ToDo(
                title=_("Correct your declaration for %(month)s") % month,
                note=what_to_correct(sheet.return_reason, sheet.remarked),
                url=sheet.get_absolute_url(),
                action=pgettext("to-do", "Correct"),
                icon="undo-2",
            )
        else:
            yield ToDo(
                title=_("File your declaration for %(month)s") % month,
                note=registered_for_you(sheet.registered),
                url=sheet.get_absolute_url(),
                action=pgettext("to-do", "Fill in"),
                icon="file-pen-line",
                due_on=sheet.declare_by,
            )


def registered_for_you(count: int) -> str:
    if not count:
        return ""
    return ngettext(
        "The branch has registered %(count)s entry for you.",
        "The branch has registered %(count)s entries for you.",
        count,
    ) % {"count": count}


def verifications(actor: Actor, *, today: date) -> Iterator[ToDo]:
    """Publications under way that show a result of one's own, not yet answered. One query."""
    own = MonthlyResult.objects.current().filter(
        member=actor.member_id, branch=OuterRef("round__branch"), month=OuterRef("round__month")
    )
    # A result that was corrected since is to be checked again.
    answered = Verification.objects.filter(
        ~Exists(
            MonthlyResult.objects.current().filter(
                member=actor.member_id,
                branch=OuterRef("publication__round__branch"),
                month=OuterRef("publication__round__month"),
                computed_at__gt=OuterRef("answered_at"),
            )
        ),
        publication=OuterRef("pk"),
        member=actor.member_id,
    )
    running = Publication.objects.filter(
        Exists(own),
        ~Exists(answered),
        round__state=Round.State.PUBLISHED,
        withdrawn_at__isnull=True,
        ends_on__gte=today,
    ).select_related("round")
    for publication in running:
        month = publication.round.month
        yield ToDo(
            title=_("Check your points of %(month)s") % {"month": month_label(month)},
            note=_("Silence counts as agreement."),
            url=reverse("result", args=[month.year, month.month]),
            action=pgettext("to-do", "Check"),
            icon="list-checks",
            due_on=publication.ends_on,
        )
