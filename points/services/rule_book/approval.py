"""What the committee does with rule books: return, approve, offer as a template
(domain.md §9)."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.months import add_months, month_of, next_month
from lib.steps import Refused
from members.models import Member
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from points.models import Declaration, MonthlyResult, RuleBook, committee_chain
from points.services.rule_book.draft import lock

MOST_MONTHS_AHEAD = 12


@transaction.atomic
def return_book(*, pk: int, remarks: str, by: Actor, at: datetime) -> RuleBook:
    """Return a submitted draft with remarks; whoever submitted it is told."""
    book = lock(pk=pk, step="return", by=by, at=at)
    if not remarks.strip():
        raise Refused(_("Say what is to be changed: the secretary will read it."))
    book.state, book.remarks = RuleBook.State.RETURNED, remarks.strip()
    book.revision += 1
    book.save(update_fields=["state", "remarks", "revision"])
    record(by=by.user, at=at, verb="return_rule_book", target=book, branch=book.branch_id)
    if book.submitted_by_id is not None:
        tell_users(
            [book.submitted_by_id],
            key=f"rule-book-returned:{book.pk}:{book.revision}",
            subject=_("The committee returns version %(version)s of the rule book with remarks.")
            % {"version": book.version},
            url=reverse("rule_book_edit", args=[book.pk]),
            at=at,
        )
    return book


def possible_months(branch: Branch | int, *, today: date) -> list[date]:
    """The months from which a new version may be in force, the first possible one first: later
    than every month of the branch that is open or past, and not before this month. Two
    queries. A round keeps its version."""
    pk = branch if isinstance(branch, int) else branch.pk
    opened = [
        model.objects.filter(branch=pk).aggregate(last=Max("month"))["last"]
        for model in (Declaration, MonthlyResult)
    ]
    first = max([month_of(today), *(next_month(month) for month in opened if month)])
    return [add_months(first, count) for count in range(MOST_MONTHS_AHEAD)]


@transaction.atomic
def approve(*, pk: int, month: date, by: Actor, at: datetime) -> RuleBook:
    """Approve a submitted draft from a month on that is not open yet. A version approved for
    the same month is superseded; every member of the branch is asked to read the new one."""
    branch_id = RuleBook.objects.values_list("branch", flat=True).get(pk=pk)
    Branch.objects.select_for_update().get(pk=branch_id)
    book = lock(pk=pk, step="approve", by=by, at=at)
    months = possible_months(branch_id, today=timezone.localdate(at))
    if month not in months:
        raise Refused(
            _("It can be in force from %(month)s at the earliest: earlier months are open or past.")
            % {"month": date_format(months[0], "YEAR_MONTH_FORMAT")}
        )
    RuleBook.objects.filter(
        branch=branch_id, effective_from=month, state=RuleBook.State.APPROVED
    ).update(state=RuleBook.State.SUPERSEDED)
    book.state, book.effective_from = RuleBook.State.APPROVED, month
    book.approved_by, book.approved_at = by.user, at
    book.save(update_fields=["state", "effective_from", "approved_by", "approved_at"])
    record(
        by=by.user,
        at=at,
        verb="approve_rule_book",
        target=book,
        branch=branch_id,
        month=f"{month:%Y-%m}",
    )
    _ask_to_read(book, month, at=at)
    return book


def _ask_to_read(book: RuleBook, month: date, *, at: datetime) -> None:
    subject = _("Version %(version)s of the rule book is in force from %(month)s: please read it.")
    text = subject % {
        "version": book.version,
        "month": date_format(month, "YEAR_MONTH_FORMAT"),
    }
    key, url = f"rule-book:{book.pk}", book.get_absolute_url()
    roster = Member.objects.of_branch(book.branch, timezone.localdate(at))
    tell([Message(pk, key, text, url) for pk in roster.values_list("pk", flat=True)], at=at)


@transaction.atomic
def offer(*, pk: int, name: str, by: Actor, at: datetime) -> RuleBook:
    """Offer an approved version to the branches below one's committee as a template."""
    book = lock(pk=pk, step="offer", by=by, at=at)
    if not name.strip():
        raise Refused(_("Give the template a name."))
    chain = list(committee_chain(book.branch.committee))
    own = [committee for committee in chain if by.is_system or committee in by.committees]
    # The highest one reaches the most branches.
    book.offered_by_id, book.offered_as = (own or chain)[-1], name.strip()
    book.save(update_fields=["offered_by", "offered_as"])
    record(by=by.user, at=at, verb="offer_template", target=book, branch=book.branch_id)
    return book


@transaction.atomic
def withdraw_offer(*, pk: int, by: Actor, at: datetime) -> RuleBook:
    """Withdraw a template. Drafts that were copied from it stay as they are."""
    book = lock(pk=pk, step="withdraw_offer", by=by, at=at)
    book.offered_by, book.offered_as = None, ""
    book.save(update_fields=["offered_by", "offered_as"])
    record(by=by.user, at=at, verb="withdraw_template", target=book, branch=book.branch_id)
    return book
