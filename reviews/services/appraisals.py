"""Grades of the year's 民主评议: entered by the branch from its meeting, for everybody in one
save (domain.md §8). Points stand beside them as evidence; nothing here turns one into a grade.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.models import Member
from members.notices import Message, record, tell
from members.rights import Actor
from reviews.models import AnnualResult, Appraisal, BranchAnnualResult
from reviews.rules import may_grade
from reviews.services.nominations import lock_final
from reviews.services.round import bench_of

Grade = Appraisal.Grade


@dataclass(frozen=True, slots=True)
class Given:
    """What the meeting gave one member. ``reason`` is needed to change a grade; ``seen`` is the
    number of the grade that the page showed, 0 for none."""

    member: int
    grade: str
    reason: str = ""
    seen: int = 0


class GradesRefused(Refused):
    """Nothing was saved: ``problems`` says what is wrong, by member."""

    def __init__(self, problems: Mapping[int, str]) -> None:
        super().__init__(_("Nothing was saved yet: look at the members that are marked."))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the branch's meeting appraises; ``result`` is None where no month of the
    year was assessed."""

    member: Member
    result: AnnualResult | None

    @property
    def is_full_member(self) -> bool:
        if self.result is not None:
            return self.result.is_full_member
        return self.member.category == Member.Category.FULL

    @property
    def is_candidate(self) -> bool:
        return self.result is not None and self.result.is_candidate


def people_of(branch: int, year: int) -> list[Person]:
    """Whom the meeting of a branch appraises, in the roll's order: those who are ranked in it,
    and those on its roll at the end of the year who have no assessed month. Two queries."""
    results = AnnualResult.objects.filter(year=year, branch=branch).select_related("member")
    found = [Person(result.member, result) for result in results]
    elsewhere = AnnualResult.objects.filter(year=year).values("member")
    last_day = date(year, 12, 31)
    others = Member.objects.of_branch(Branch(pk=branch), last_day).exclude(pk__in=elsewhere)
    found += [Person(member, None) for member in others]
    return sorted(found, key=lambda one: (one.member.roll_order, one.member.pk))


@transaction.atomic
def enter_grades(
    *,
    branch: int,
    year: int,
    held_on: date,
    grades: Sequence[Given],
    by: Actor,
    at: datetime,
) -> int:
    """Enter what the meeting of ``held_on`` gave, all or nothing; return how many were written.
    A grade that stands already writes nothing; another one is a new numbered row with a reason.
    优秀 only for candidates of the year; probationary members get no grade. Whoever gets a new
    grade is told, without it. Source: domain.md §8.

    Raises PermissionDenied (see ``may_grade``); Refused where the year is not computed or the
    day is wrong; GradesRefused with what is wrong at which member."""
    _check_may(branch=branch, year=year, held_on=held_on, by=by, at=at)
    people = {one.member.pk: one for one in people_of(branch, year)}
    standing = {
        one.member_id: one
        for one in Appraisal.objects.filter(
            member__in=people, year=year, is_current=True
        ).select_related("entered_by__member")
    }
    new = [one for one in grades if one.grade and not _stands(one, standing.get(one.member))]
    problems = {
        one.member: problem
        for one in new
        if (problem := what_is_wrong(one, people.get(one.member), standing.get(one.member)))
    }
    if problems:
        raise GradesRefused(problems)
    if not new:
        return 0
    _replace(new, standing, branch=branch, year=year, held_on=held_on, by=by, at=at)
    _tell_and_record(new, standing, branch=branch, year=year, by=by, at=at)
    return len(new)


@transaction.atomic
def correct_day(
    *, branch: int, year: int, was: date, held_on: date, reason: str, by: Actor, at: datetime
) -> int:
    """The meeting of ``was`` was held on ``held_on``: whatever it gave stands with the right day,
    as a new numbered row with the reason; return how many. No grade changes, so nobody is told.
    Twice is once. Source: domain.md §8, architecture.md (points are a ledger).

    Raises PermissionDenied (see ``may_grade``); Refused where the year is not computed, the day
    is wrong or the reason is missing."""
    _check_may(branch=branch, year=year, held_on=held_on, by=by, at=at)
    if not reason.strip():
        raise Refused(_("Say why the day is corrected."))
    rows = Appraisal.objects.filter(branch=branch, year=year, is_current=True, held_on=was)
    standing = {one.member_id: one for one in rows.order_by("pk")} if was != held_on else {}
    if not standing:
        return 0
    again = [Given(one.member_id, one.grade, reason) for one in standing.values()]
    _replace(again, standing, branch=branch, year=year, held_on=held_on, by=by, at=at)
    record(
        by=by.user,
        at=at,
        verb="correct_day",
        branch=branch,
        year=year,
        was=was.isoformat(),
        held_on=held_on.isoformat(),
        members=sorted(standing),
    )
    return len(again)


def _check_may(*, branch: int, year: int, held_on: date, by: Actor, at: datetime) -> None:
    """Three queries; the year-end's row is locked."""
    today = timezone.localdate(at)
    if not may_grade(by, branch_id=branch, bench=bench_of(branch, today)):
        raise PermissionDenied
    own = BranchAnnualResult.objects.filter(branch=branch, year=year).first()
    if own is None or lock_final(own.year_end_id) is None:
        raise Refused(_("The year is not computed yet: grades are entered beside final figures."))
    if not date(year, 1, 1) <= held_on <= today:
        raise Refused(_("The meeting lies in the year or after it, and not in the future."))


def _stands(given: Given, standing: Appraisal | None) -> bool:
    return standing is not None and standing.grade == given.grade


def what_is_wrong(given: Given, person: Person | None, standing: Appraisal | None) -> str:
    """Why this grade cannot be entered; nothing where it can. No query."""
    if person is None:
        return _("This member is not appraised by this branch for this year.")
    if not person.is_full_member:
        return _("A probationary member gets no grade.")
    if given.grade == Grade.EXCELLENT and not person.is_candidate:
        return _("Only a candidate of the year can be graded excellent.")
    if standing is not None and standing.number != given.seen:
        return _("%(name)s has entered another grade meanwhile: %(grade)s.") % {
            "name": standing.entered_by.display_name,
            "grade": standing.get_grade_display(),
        }
    if standing is not None and not given.reason.strip():
        return _("Say why the grade is changed.")
    return ""


def _replace(
    new: Sequence[Given],
    standing: Mapping[int, Appraisal],
    *,
    branch: int,
    year: int,
    held_on: date,
    by: Actor,
    at: datetime,
) -> None:
    """Two statements, however many grades."""
    replaced = [standing[one.member].pk for one in new if one.member in standing]
    Appraisal.objects.filter(pk__in=replaced).update(is_current=False)
    Appraisal.objects.bulk_create(
        Appraisal(
            member_id=one.member,
            branch_id=branch,
            year=year,
            number=_number(one, standing),
            grade=one.grade,
            held_on=held_on,
            reason=one.reason.strip(),
            entered_by=by.user,
            entered_at=at,
        )
        for one in new
    )


def _tell_and_record(
    new: Sequence[Given],
    standing: Mapping[int, Appraisal],
    *,
    branch: int,
    year: int,
    by: Actor,
    at: datetime,
) -> None:
    """Three statements, however many grades."""
    record(
        by=by.user,
        at=at,
        verb="enter_grades",
        branch=branch,
        year=year,
        members=sorted(one.member for one in new),
    )
    subject = _("The branch has entered your grade of the year %(year)s.") % {"year": year}
    url = reverse("year_results", args=[year])
    tell(
        [
            Message(one.member, f"graded:{year}:{_number(one, standing)}", subject, url)
            for one in new
        ],
        at=at,
    )


def _number(given: Given, standing: Mapping[int, Appraisal]) -> int:
    return standing[given.member].number + 1 if given.member in standing else 1
