"""Rule books: those that are missing, and those in hand."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from branches.models import Branch
from lib.months import month_of
from points.models import RuleBook
from reviews.selectors.to_dos.desk import Desk
from reviews.selectors.to_dos.to_do import ToDo, by_key, some


def missing_rule_books(desk: Desk) -> Iterator[ToDo]:
    """Branches without a rule book in force: a to-do for the secretary and the committee,
    not an error (domain.md §5.1). One query."""
    month = month_of(desk.today)
    without = list(
        Branch.objects.active()
        .filter(
            ~Exists(RuleBook.objects.in_force(month).filter(branch=OuterRef("pk"))),
            pk__in=desk.actor.secretary_branches | desk.actor.branches_below,
        )
        .order_by("roll_order", "pk")
    )
    if without:
        yield ToDo(
            title=_("No rule book is in force"),
            note=_("%(branches)s: no month opens until there is one.")
            % {"branches": some(branch.name for branch in without)},
            url=reverse("rule_books"),
            action=pgettext("to-do", "View"),
            icon="book-open",
        )


def rule_books_in_hand(desk: Desk) -> Iterator[ToDo]:
    """Rule books that wait for the committee's approval, but not one's own; and those returned
    to the secretary with remarks. One query."""
    actor, state = desk.actor, RuleBook.State
    books = (
        RuleBook.objects.filter(
            Q(state=state.SUBMITTED, branch__in=actor.branches_below)
            | Q(state=state.RETURNED, branch__in=actor.secretary_branches)
        )
        .select_related("branch")
        .order_by("submitted_at", "pk")
    )
    by_state = by_key(books, lambda book: book.state)
    own = {actor.user.pk}
    waiting = [
        book
        for book in by_state.get(state.SUBMITTED, [])
        if not own & {book.drafted_by_id, book.submitted_by_id}
    ]
    for book in by_state.get(state.RETURNED, []):
        yield ToDo(
            title=_("The committee returned your rule book"),
            note=book.remarks,
            url=reverse("rule_book_edit", args=[book.pk]),
            action=pgettext("to-do", "Correct"),
            icon="undo-2",
        )
    if waiting:
        url = reverse("rule_books")
        if len(waiting) == 1:
            url = reverse("rule_book_approval", args=[waiting[0].pk])
        yield ToDo(
            title=ngettext(
                "%(count)s rule book waits for approval",
                "%(count)s rule books wait for approval",
                len(waiting),
            )
            % {"count": len(waiting)},
            note=some(book.branch.name for book in waiting),
            url=url,
            action=pgettext("to-do", "Approve"),
            icon="stamp",
        )
