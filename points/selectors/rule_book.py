"""Rule books as their pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet

from members.models import Member, Position
from members.rights import Actor
from points.models import Criterion, RuleBook, RuleBookQuerySet
from points.rules import applies_to
from points.selectors.criteria import Choice, Group, grouped


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
    return (
        RuleBook.objects.visible_to(actor)
        .in_force(month)
        .select_related("branch")
        .annotate(count=Count("criteria"))
        .order_by("branch__roll_order", "branch")
    )
