"""What follows from a year inside one branch: candidates and nominations, the grades of the
民主评议, opinions (domain.md §8). One branch at a time, a fixed number of queries each."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from branches.models import Branch
from members.rights import Actor
from reviews.models import (
    AnnualResult,
    Appraisal,
    BranchAnnualResult,
    Nomination,
    Opinion,
    YearEnd,
)
from reviews.rules import Bench, may_grade, may_issue, may_nominate
from reviews.services.appraisals import Person, people_of
from reviews.services.round import bench_of

CENT = Decimal("0.01")
MOST_OPINIONS = 10


def branches_with_figures(actor: Actor, year: int) -> list[BranchAnnualResult]:
    """The branches of one's branch committee or below one's committee that have figures of
    the year, in the roll's order. One query."""
    own = BranchAnnualResult.objects.filter(
        year=year, branch__in=actor.committee_branches | actor.branches_below
    )
    return list(own.select_related("branch", "year_end").order_by("branch__roll_order", "branch"))


def third_of(ranked: int) -> int:
    """The usual ceiling of 优秀 in a branch: a reminder, never an obstacle."""
    return ranked // 3


# -- the branch's part of the year page ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A candidate, for what they are nominated, and whether one may nominate them for more."""

    result: AnnualResult
    nominations: tuple[Nomination, ...]
    may_nominate: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Grades:
    """How many of a branch have a grade, which, and whose does not fit the figures any more."""

    to_grade: int
    graded: int
    counts: tuple[tuple[str, int], ...]
    contrary: tuple[str, ...]

    @property
    def missing(self) -> int:
        return self.to_grade - self.graded


@dataclass(frozen=True, slots=True)
class BranchAwards:
    """What a branch has done with its year, and what one may do about it."""

    branch: Branch
    year: int
    is_final: bool
    third: int
    candidates: tuple[CandidateRow, ...]
    withdrawn: tuple[Nomination, ...]
    grades: Grades
    opinions: tuple[Opinion, ...]
    more_opinions: int
    may_grade: bool
    may_issue: bool

    @property
    def excellent(self) -> int:
        """How many are nominated for 优秀."""
        awards = [one.award for row in self.candidates for one in row.nominations]
        return awards.count(Nomination.Award.EXCELLENT)

    @property
    def is_above_third(self) -> bool:
        return self.excellent > self.third


def branch_awards(branch: Branch, year: int, actor: Actor, today: date) -> BranchAwards | None:
    """For the year page; None while the branch has no figures. Seven queries."""
    own = BranchAnnualResult.objects.filter(branch=branch, year=year).select_related("year_end")
    figures = own.first()
    if figures is None:
        return None
    bench, people = bench_of(branch.pk, today), people_of(branch.pk, year)
    nominations = list(
        Nomination.objects.filter(branch=branch, year=year)
        .select_related("member", "nominated_by__member")
        .order_by("pk")
    )
    is_final = figures.year_end.state in YearEnd.FINAL
    issued = Opinion.objects.filter(branch=branch, year=year)
    opinions = list(issued.select_related("member", "nomination")[:100])
    return BranchAwards(
        branch=branch,
        year=year,
        is_final=is_final,
        third=third_of(figures.ranked),
        candidates=tuple(_candidates(people, nominations, actor, bench, is_final=is_final)),
        withdrawn=tuple(one for one in nominations if one.withdrawn_at is not None),
        grades=_grades(people, year),
        opinions=tuple(opinions[:MOST_OPINIONS]),
        more_opinions=len(opinions[MOST_OPINIONS:]),
        may_grade=is_final and may_grade(actor, branch_id=branch.pk, bench=bench),
        may_issue=may_issue(actor, member_id=0, branch_id=branch.pk),
    )


def awards_left(member: int, year: int) -> list[tuple[str, str]]:
    """For what a member is not nominated yet, as choices. One query."""
    standing = Nomination.objects.filter(member=member, year=year, withdrawn_at__isnull=True)
    named = set(standing.values_list("award", flat=True))
    return [(value, str(label)) for value, label in Nomination.Award.choices if value not in named]


def _candidates(
    people: Sequence[Person],
    nominations: Sequence[Nomination],
    actor: Actor,
    bench: Bench,
    *,
    is_final: bool,
) -> list[CandidateRow]:
    standing: dict[int, list[Nomination]] = defaultdict(list)
    for one in nominations:
        if one.withdrawn_at is None:
            standing[one.member_id].append(one)
    found = [one.result for one in people if one.is_candidate and one.result is not None]
    rows = []
    for result in sorted(found, key=lambda one: one.rank):
        may = is_final and may_nominate(
            actor, member_id=result.member_id, branch_id=result.branch_id, bench=bench
        )
        named = standing[result.member_id]
        has_left = len(named) < len(Nomination.Award)
        rows.append(CandidateRow(result, tuple(named), may and has_left, may))
    return rows


def _grades(people: Sequence[Person], year: int) -> Grades:
    """One query."""
    standing = grades_of(people, year)
    full = {one.member.pk: one for one in people if one.is_full_member}
    given = [grade.grade for member, grade in standing.items() if member in full]
    return Grades(
        to_grade=len(full),
        graded=len(given),
        counts=tuple((str(label), given.count(value)) for value, label in Appraisal.Grade.choices),
        contrary=tuple(
            one.member.name
            for pk, one in full.items()
            if pk in standing and is_contrary(one, standing[pk])
        ),
    )


def grades_of(people: Collection[Person], year: int) -> dict[int, Appraisal]:
    """The grade that stands for each of these, by member. One query."""
    rows = Appraisal.objects.filter(
        member__in=[one.member.pk for one in people], year=year, is_current=True
    ).select_related("entered_by__member")
    return {one.member_id: one for one in rows}


def is_contrary(person: Person, grade: Appraisal) -> bool:
    """优秀 for somebody who is no candidate any more, since the figures were computed anew."""
    return grade.grade == Appraisal.Grade.EXCELLENT and not person.is_candidate


# -- the page on which the grades are entered ----------------------------------------------


@dataclass(frozen=True, slots=True)
class AppraisalLine:
    """One person beside their points, the grade that stands and those before it."""

    person: Person
    average: Decimal | None
    standing: Appraisal | None
    earlier: tuple[Appraisal, ...] = field(default=())

    @property
    def is_contrary(self) -> bool:
        return self.standing is not None and is_contrary(self.person, self.standing)


def appraisal_lines(branch: int, year: int) -> list[AppraisalLine]:
    """Everybody whom the meeting appraises, in the roll's order. Three queries."""
    people = people_of(branch, year)
    grades: Mapping[int, list[Appraisal]] = defaultdict(list)
    rows = Appraisal.objects.filter(member__in=[one.member.pk for one in people], year=year)
    for one in rows.select_related("entered_by__member").order_by("number"):
        grades[one.member_id].append(one)
    return [
        AppraisalLine(
            person=person,
            average=_average(person.result),
            standing=next((one for one in grades[person.member.pk] if one.is_current), None),
            earlier=tuple(one for one in grades[person.member.pk] if not one.is_current),
        )
        for person in people
    ]


def meeting_days(lines: Sequence[AppraisalLine]) -> list[tuple[date, int]]:
    """The days of the meetings whose grades stand, the latest first, with how many. No query."""
    counts = Counter(line.standing.held_on for line in lines if line.standing)
    return sorted(counts.items(), reverse=True)


def _average(result: AnnualResult | None) -> Decimal | None:
    if result is None:
        return None
    return (result.total / result.assessed_months).quantize(CENT, ROUND_HALF_UP)


# -- a member's own ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnAwards:
    """What followed from one's own year."""

    nominations: tuple[Nomination, ...]
    grade: Appraisal | None
    opinions: tuple[Opinion, ...]

    def __bool__(self) -> bool:
        return bool(self.nominations or self.grade or self.opinions)


def own_awards(member: int, year: int) -> OwnAwards:
    """For the member's own page of the year. Three queries."""
    nominations = Nomination.objects.filter(member=member, year=year)
    return OwnAwards(
        nominations=tuple(nominations.select_related("branch").order_by("pk")),
        grade=Appraisal.objects.filter(member=member, year=year, is_current=True).first(),
        opinions=tuple(Opinion.objects.filter(member=member, year=year)),
    )
