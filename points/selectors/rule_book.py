"""Rule books as their pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from branches.models import Branch
from members.models import Member, Position
from members.rights import Actor
from points.models import Criterion, RuleBook, RuleBookQuerySet, RuleBookReading
from points.models.rule_book import branches_open_to
from points.rules import Drafter, applies_to, may_read_drafts
from points.selectors.criteria import Choice, Group, grouped
from points.workflow import RULE_BOOK_STEPS


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a branch's rule book, and whether it holds in a month."""

    book: RuleBook
    is_in_force: bool
    is_to_come: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a rule book: a member of its branch (then it says what applies), or not."""

    member: Member | None = None
    is_secretary: bool = False

    def is_concerned_by(self, criterion: Criterion) -> bool:
        return self.member is not None and applies_to(
            criterion, member=self.member, is_secretary=self.is_secretary
        )


def reader_of(book: RuleBook, actor: Actor) -> Reader:
    """The reader, where they are a member of the book's branch today. One query at most."""
    if actor.member_id is None or actor.branch_id != book.branch_id:
        return Reader()
    member: Member = actor.user.member
    is_secretary = (book.branch_id, Position.Kind.SECRETARY) in actor.positions
    return Reader(member, is_secretary)


def content_of(book: RuleBook, *, mine: bool, reader: Reader) -> list[Group]:
    """The criteria by category with the category's cap. What applies to the reader and not
    to everyone is marked; ``mine`` leaves out what does not apply. Two queries."""
    criteria: Iterable[Criterion] = book.criteria.all()
    if mine and reader.member is not None:
        criteria = [criterion for criterion in criteria if reader.is_concerned_by(criterion)]
    groups = grouped(
        Choice(
            criterion,
            concerns_me=reader.is_concerned_by(criterion)
            and criterion.applies_to != Criterion.AppliesTo.EVERYONE,
        )
        for criterion in criteria
    )
    caps = {cap.category: cap.max_plus_month for cap in book.category_caps.all()}
    for group in groups:
        group.max_plus_month = caps.get(group.category)
    return groups


def versions_of(book: RuleBook, month: date) -> list[Version]:
    """All versions of the same branch, newest first. One query."""
    return versions(RuleBook.objects.filter(branch=book.branch_id).select_related("branch"), month)


def versions(books: RuleBookQuerySet, month: date) -> list[Version]:
    """Each rule book, and whether it is the one in force in that month: of each branch the
    latest approved one that has begun."""
    found = list(
        books.decided().annotate(count=Count("criteria")).order_by("-effective_from", "-version")
    )
    latest: dict[int, Any] = {}
    for book in found:
        if book.state == RuleBook.State.APPROVED and book.has_begun(month):
            latest.setdefault(book.branch_id, book.pk)
    return [
        Version(
            book=book,
            is_in_force=latest.get(book.branch_id) == book.pk,
            is_to_come=book.state == RuleBook.State.APPROVED and not book.has_begun(month),
        )
        for book in found
    ]


def books_in_force(actor: Actor, month: date) -> QuerySet[RuleBook]:
    """The rule book in force of every branch that this person may read, in the roll's order."""
    books = RuleBook.objects.in_force(month)
    if not actor.is_system:
        books = books.filter(branch__in=branches_open_to(actor))
    return (
        books.select_related("branch")
        .annotate(count=Count("criteria"))
        .order_by("branch__roll_order", "branch")
    )


# -- in the making -----------------------------------------------------------------------------


def drafts_visible_to(actor: Actor) -> list[RuleBook]:
    """What is in the making in one's own branch and below one's committee, in the roll's
    order. One query for those who may read drafts at all."""
    if not actor.positions and not actor.is_staff:
        return []
    return list(
        RuleBook.objects.visible_to(actor)
        .in_the_making()
        .select_related("branch", "submitted_by__member")
        .annotate(count=Count("criteria"))
        .order_by("branch__roll_order", "branch")
    )


def sources_for(branch: Branch) -> QuerySet[RuleBook]:
    """What a draft of the branch may be copied from: its own versions, newest first, and the
    templates that committees above it offer."""
    own = RuleBook.objects.decided().filter(branch=branch)
    offered = RuleBook.objects.offered_to([branch.pk]).exclude(branch=branch)
    return (
        (own | offered)
        .select_related("branch", "offered_by")
        .annotate(count=Count("criteria"))
        .order_by("offered_as", "-effective_from", "-version")
    )


def version_before(book: RuleBook) -> RuleBook | None:
    """The version whose place a rule book takes: of a draft the latest approved one, else the
    one in force before it; the version it was copied from where there is none. One query."""
    approved = RuleBook.objects.filter(branch=book.branch_id, state=RuleBook.State.APPROVED)
    if book.effective_from is not None:
        approved = approved.filter(effective_from__lt=book.effective_from)
    before = approved.exclude(pk=book.pk).order_by("-effective_from").first()
    return before or (book.based_on if book.is_in_the_making else None)


# -- who has read it ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Readings:
    """When I read a version, and for those who look after the branch: how many of its members
    have; for the branch committee also who has not."""

    mine: RuleBookReading | None
    can_mark: bool
    shows_count: bool = False
    total: int = 0
    unread: tuple[Member, ...] = ()
    shows_names: bool = False

    @property
    def read(self) -> int:
        return self.total - len(self.unread)


def readings_of(book: RuleBook, actor: Actor, today: date, *, counts: bool) -> Readings:
    """Who has read this version; ``counts`` is whether it is in force or to come, the only
    ones that anybody is asked to read. Two queries at most."""
    if not counts:
        return Readings(mine=None, can_mark=False)
    mine = None
    if actor.member_id is not None:
        mine = RuleBookReading.objects.filter(rule_book=book, member=actor.member_id).first()
    is_member = actor.member_id is not None and actor.branch_id == book.branch_id
    can_mark = is_member and mine is None
    if not may_read_drafts(actor, book.branch_id):
        return Readings(mine=mine, can_mark=can_mark)
    members = Member.objects.of_branch(book.branch, today).order_by("roll_order", "pk")
    roster = list(
        members.annotate(
            has_read=Exists(RuleBookReading.objects.filter(rule_book=book, member=OuterRef("pk")))
        )
    )
    unread = tuple(member for member in roster if not member.has_read)
    return Readings(
        mine=mine,
        can_mark=can_mark,
        shows_count=True,
        total=len(roster),
        unread=unread,
        shows_names=actor.is_on_committee_of(book.branch_id),
    )


def steps_of(drafter: Drafter, book: RuleBook) -> dict[str, bool]:
    """Which steps are open to this person: ready-made booleans for templates."""
    may = {f"may_{step.name}": False for step in RULE_BOOK_STEPS}
    return may | {f"may_{step.name}": True for step in RULE_BOOK_STEPS.open_to(drafter, book)}
