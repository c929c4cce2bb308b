"""A rule book in the making: started, submitted, taken back, discarded (domain.md §9)."""

from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Overtaken, Refused
from members.models import Position
from members.notices import record, tell_users
from members.rights import Actor
from members.selectors.staff import StaffOfCommittees
from points.models import CategoryCap, Criterion, RuleBook
from points.rules import Drafter, may_draft_for
from points.workflow import RULE_BOOK_STEPS

HEAD_FIELDS = ("base_points", "pass_line", "ceiling", "goals", "procedure")
CRITERION_FIELDS = (
    "code",
    "category",
    "text",
    "points",
    "registered_by",
    "trigger",
    "applies_to",
    "max_times_month",
    "max_points_month",
    "max_points_year",
    "needs_evidence",
    "zeroes_month",
)

# -- locking -----------------------------------------------------------------------------


def drafter_of(actor: Actor, branch_id: int, day: date) -> Drafter:
    """Who acts, and whether the branch has a secretary on that day. One query at most."""
    has_secretary = (
        actor.is_secretary_of(branch_id)
        or Position.objects.on(day).filter(branch=branch_id, kind=Position.Kind.SECRETARY).exists()
    )
    return Drafter(actor, has_secretary)


def lock(*, pk: int, step: str, by: Actor, at: datetime, seen: int | None = None) -> RuleBook:
    """Lock a rule book and check that the step is open to this person, and that it still
    stands as they saw it (``seen`` is its revision).

    Raises Refused or PermissionDenied, see ``Steps.check``.
    """
    book = (
        RuleBook.objects.select_for_update(of=("self",))
        .select_related("branch__committee")
        .filter(pk=pk)
        .first()
    )
    if book is None:
        raise Refused(_("This draft has been discarded meanwhile."))
    drafter = drafter_of(by, book.branch_id, timezone.localdate(at))
    RULE_BOOK_STEPS.check(step, drafter, book)
    if seen is not None and seen != book.revision:
        text = _(
            "The draft was changed meanwhile, on another page or by somebody else. Look at "
            "it as it stands now; what you typed is still here."
        )
        raise Overtaken(text, number=book.revision)
    return book


# -- starting ----------------------------------------------------------------------------


@transaction.atomic
def start(*, branch: Branch, source: RuleBook | None, by: Actor, at: datetime) -> RuleBook:
    """Start the next version of a branch's rule book: a copy of ``source``, which is a version
    of the branch or a template offered to it, or empty without one.

    A branch has one draft at a time: starting twice finds the one that is there, if it was
    started from the same source. Raises Refused otherwise.
    """
    Branch.objects.select_for_update().get(pk=branch.pk)
    if not may_draft_for(drafter_of(by, branch.pk, timezone.localdate(at)), branch.pk):
        raise PermissionDenied
    if source is not None and not is_source_for(source, branch):
        raise Refused(_("This rule book can no longer be copied. Choose another one."))
    there = RuleBook.objects.in_the_making().filter(branch=branch).first()
    if there is not None:
        untouched = there.state == RuleBook.State.DRAFT and not there.revision
        if untouched and there.based_on_id == getattr(source, "pk", None):
            return there
        raise Refused(
            _(
                "Version %(version)s is in the making already: finish it or discard it before "
                "you start another one."
            )
            % {"version": there.version}
        )
    last = RuleBook.objects.filter(branch=branch).aggregate(last=Max("version"))["last"] or 0
    book = RuleBook(
        branch=branch,
        version=last + 1,
        state=RuleBook.State.DRAFT,
        based_on=source,
        drafted_by=by.user,
        drafted_at=at,
        base_points=0,
        pass_line=0,
    )
    for name in HEAD_FIELDS if source is not None else ():
        setattr(book, name, getattr(source, name))
    book.save()
    if source is not None:
        copy_criteria(source.criteria.all(), book)
        CategoryCap.objects.bulk_create(
            CategoryCap(rule_book=book, category=cap.category, max_plus_month=cap.max_plus_month)
            for cap in source.category_caps.all()
        )
    record(
        by=by.user, at=at, verb="draft_rule_book", target=book, branch=branch, version=book.version
    )
    return book


def is_source_for(source: RuleBook, branch: Branch) -> bool:
    """Whether a branch may copy it: an own version once approved, or a template offered by a
    committee above. One query at most."""
    if source.branch_id == branch.pk:
        return not source.is_in_the_making
    return RuleBook.objects.offered_to([branch.pk]).filter(pk=source.pk).exists()


def copy_criteria(criteria: Iterable[Criterion], book: RuleBook) -> None:
    """Copy criteria into a rule book, in their order. One statement."""
    Criterion.objects.bulk_create(
        Criterion(
            rule_book=book,
            sort_order=criterion.sort_order,
            **{name: getattr(criterion, name) for name in CRITERION_FIELDS},
        )
        for criterion in criteria
    )


# -- sending -----------------------------------------------------------------------------


@transaction.atomic
def submit(*, pk: int, seen: int, by: Actor, at: datetime) -> RuleBook:
    """Send a draft to the committee for approval; its staff are told. It needs a pass line and
    at least one criterion. Raises Refused."""
    book = lock(pk=pk, step="submit", by=by, at=at, seen=seen)
    if obstacle := obstacle_to_submit(book):
        raise Refused(obstacle)
    book.state = RuleBook.State.SUBMITTED
    book.submitted_by, book.submitted_at = by.user, at
    book.revision += 1
    book.save(update_fields=["state", "submitted_by", "submitted_at", "revision"])
    record(by=by.user, at=at, verb="submit_rule_book", target=book, branch=book.branch_id)
    tell_users(
        set(staff_above(book.branch, timezone.localdate(at))) - {by.user.pk},
        key=f"rule-book-submitted:{book.pk}:{book.revision}",
        subject=_("%(branch)s submits its rule book, version %(version)s, for approval.")
        % {"branch": book.branch.name, "version": book.version},
        url=reverse("rule_book_approval", args=[book.pk]),
        at=at,
    )
    return book


def obstacle_to_submit(book: RuleBook) -> str:
    """What stands in the way of submitting, in words; empty if nothing. One query."""
    if not book.pass_line:
        return _("The pass line is missing: enter it under “Points, goals and procedure”.")
    if not book.criteria.exists():
        return _("The draft has no criterion yet: add at least one.")
    return ""


def staff_above(branch: Branch, day: date) -> list[int]:
    """The accounts of the staff of the nearest committee upwards that has any. Two queries."""
    staff = StaffOfCommittees(day)
    return staff.of(staff.nearest(branch.committee_id))


@transaction.atomic
def take_back(*, pk: int, by: Actor, at: datetime) -> RuleBook:
    """Take a submitted draft back before the committee has decided."""
    book = lock(pk=pk, step="take_back", by=by, at=at)
    book.state = RuleBook.State.DRAFT
    book.revision += 1
    book.save(update_fields=["state", "revision"])
    record(by=by.user, at=at, verb="take_back_rule_book", target=book, branch=book.branch_id)
    return book


@transaction.atomic
def discard(*, pk: int, seen: int, by: Actor, at: datetime) -> None:
    """Throw a draft away. Nothing rests on it: no month was ever scored with it."""
    book = lock(pk=pk, step="discard", by=by, at=at, seen=seen)
    record(
        by=by.user,
        at=at,
        verb="discard_rule_book",
        target=book,
        branch=book.branch_id,
        version=book.version,
    )
    book.delete()
