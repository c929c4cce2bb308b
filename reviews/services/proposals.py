"""What the system notices by itself and puts before the reviewers (系统): a declaration filed
late or not at all, a review that was not held in time.

A proposal is an undecided entry: it counts only when a person confirms it, and does not when a
person rejects it. What should exist is computed, then brought about (domain.md §4, §5).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import last_day
from members.models import Member, Membership, Position, User
from points.models import Criterion, Declaration, Entry
from points.rules import applies_to
from points.services.results import exempt_members
from reviews.models import Round

Trigger = Criterion.Trigger
FILED = (
    Declaration.State.SUBMITTED,
    Declaration.State.IN_REVIEW,
    Declaration.State.RETURNED,
    Declaration.State.REVIEWED,
)


@dataclass(frozen=True, slots=True)
class Demand:
    """An entry that should stand: whose, for what, on which day of the month, and its ground
    in words."""

    member: Member
    criterion: Criterion
    occurred_on: date
    ground: str


@dataclass(frozen=True, slots=True)
class Office:
    """Who was the branch's secretary, from a day to a day (None: open)."""

    member: int
    starts_on: date | None
    ends_on: date | None

    def covers(self, day: date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (
            self.ends_on is None or day <= self.ends_on
        )


def demanded(
    round_: Round,
    *,
    criteria: Iterable[Criterion],
    sheets: Collection[Declaration],
    offices: Sequence[Office],
    on: date,
) -> list[Demand]:
    """What the system has to propose in a round under review, as it stands on that day.

    LATE: the sheet was filed after its day. MISSING: none was filed. REVIEW_LATE: the review's
    day is over, for the secretary in office on that day. ``sheets`` are those of members who
    are assessed. Source: domain.md §4, §5.3, §5.4.
    """
    return [
        Demand(sheet.member, criterion, _within(round_.month, due), ground)
        for criterion in criteria
        for sheet in sheets
        if (fact := _fact(round_, criterion, sheet, offices, on)) is not None
        for due, ground in [fact]
    ]


def _fact(
    round_: Round, criterion: Criterion, sheet: Declaration, offices: Sequence[Office], on: date
) -> tuple[date, str] | None:
    """The day that was missed and the ground in words; None where nothing was."""
    is_review = criterion.trigger == Trigger.REVIEW_LATE
    day = round_.review_by if is_review else round_.month
    secretaries = {office.member for office in offices if office.covers(day)}
    is_secretary = sheet.member_id in secretaries
    if not applies_to(criterion, member=sheet.member, is_secretary=is_secretary):
        return None
    match criterion.trigger:
        case Trigger.LATE if sheet.is_late and sheet.state in FILED:
            text = _("The declaration was due on %(day)s and was submitted later.")
            return sheet.declare_by, text % {"day": date_format(sheet.declare_by, "DATE_FORMAT")}
        case Trigger.MISSING if sheet.state == Declaration.State.MISSING:
            text = _("The declaration was due on %(day)s; none had come when the review started.")
            return sheet.declare_by, text % {"day": date_format(sheet.declare_by, "DATE_FORMAT")}
        case Trigger.REVIEW_LATE if is_secretary and on > round_.review_by:
            text = _("The review was to be concluded by %(day)s and was not.")
            return round_.review_by, text % {"day": date_format(round_.review_by, "DATE_FORMAT")}
    return None


def _within(month: date, day: date) -> date:
    """The day, or the nearest one inside the month to which the entry belongs."""
    return min(max(day, month), last_day(month))


@transaction.atomic
def propose(rounds: Collection[Round], *, at: datetime) -> int:
    """Bring about what should be proposed in these rounds; return how many entries are new.

    Only rounds under review, whose locks the caller holds. What was proposed before is never
    proposed again, whatever was decided about it; what is no longer justified stays for people
    to decide. Whoever was proposed as not having filed is not proposed as late as well: the
    same matter counts once. The number of statements depends on months, not on branches.
    """
    reviewing = [round_ for round_ in rounds if round_.state == Round.State.REVIEWING]
    criteria = _criteria(reviewing)
    reviewing = [round_ for round_ in reviewing if criteria[round_.rule_book_id]]
    if not reviewing:
        return 0
    on = timezone.localdate(at)
    sheets, offices = _assessed_sheets(reviewing), _offices(reviewing)
    known = _proposed(reviewing)
    by = User.objects.system()
    new = [
        Entry(
            member=demand.member,
            branch_id=round_.branch_id,
            month=round_.month,
            declaration=sheet_of[demand.member.pk],
            criterion=demand.criterion,
            source=Entry.Source.PROPOSED,
            claimed_points=demand.criterion.points.quantize(Decimal("0.01")),
            occurred_on=demand.occurred_on,
            reason=demand.ground,
            created_by=by,
            created_at=at,
        )
        for round_ in reviewing
        for sheet_of in [{s.member_id: s for s in sheets[round_.branch_id, round_.month]}]
        for demand in demanded(
            round_,
            criteria=criteria[round_.rule_book_id],
            sheets=sheet_of.values(),
            offices=offices[round_.branch_id],
            on=on,
        )
        if not _is_known(demand, round_.month, known)
    ]
    Entry.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


Known = set[tuple[int, date, int, str]]


def _is_known(demand: Demand, month: date, known: Known) -> bool:
    criterion = demand.criterion
    of_member = {
        (pk, trigger) for m, on, pk, trigger in known if (m, on) == (demand.member.pk, month)
    }
    is_late = criterion.trigger == Trigger.LATE
    return any(
        pk == criterion.pk or (is_late and trigger == Trigger.MISSING) for pk, trigger in of_member
    )


def _criteria(rounds: Iterable[Round]) -> dict[int, list[Criterion]]:
    found: dict[int, list[Criterion]] = defaultdict(list)
    books = {round_.rule_book_id for round_ in rounds}
    for criterion in Criterion.objects.filter(rule_book__in=books).exclude(trigger=""):
        found[criterion.rule_book_id].append(criterion)
    return found


def _assessed_sheets(rounds: Collection[Round]) -> dict[tuple[int, date], list[Declaration]]:
    """The sheets of the rounds' rosters, without members who are exempt that month."""
    found: dict[tuple[int, date], list[Declaration]] = defaultdict(list)
    for month in sorted({round_.month for round_ in rounds}):
        branches = {round_.branch_id for round_ in rounds if round_.month == month}
        roster = set(
            Membership.objects.on(month).filter(branch__in=branches).values_list("branch", "member")
        )
        exempt = exempt_members(members=[member for _branch, member in roster], month=month)
        sheets = Declaration.objects.filter(branch__in=branches, month=month)
        for sheet in sheets.select_related("member").order_by("pk"):
            is_on_roster = (sheet.branch_id, sheet.member_id) in roster
            if is_on_roster and sheet.member_id not in exempt:
                found[sheet.branch_id, month].append(sheet)
    return found


def _offices(rounds: Iterable[Round]) -> dict[int, list[Office]]:
    found: dict[int, list[Office]] = defaultdict(list)
    seats = Position.objects.filter(
        branch__in={round_.branch_id for round_ in rounds}, kind=Position.Kind.SECRETARY
    )
    for seat in seats:
        found[seat.branch_id].append(Office(seat.member_id, seat.starts_on, seat.ends_on))
    return found


def _proposed(rounds: Collection[Round]) -> Known:
    return set(
        Entry.objects.filter(
            source=Entry.Source.PROPOSED,
            branch__in={round_.branch_id for round_ in rounds},
            month__in={round_.month for round_ in rounds},
        ).values_list("member", "month", "criterion", "criterion__trigger")
    )


# -- in the daily job --------------------------------------------------------------------


def overdue_reviews(on: date) -> "QuerySet[Round]":
    """Rounds under review past their day whose rule book has the system propose something for
    it, and where it has not been proposed yet."""
    of_book = Criterion.objects.filter(rule_book=OuterRef("rule_book"), trigger=Trigger.REVIEW_LATE)
    known = Entry.objects.filter(
        branch=OuterRef("branch"),
        month=OuterRef("month"),
        source=Entry.Source.PROPOSED,
        criterion__trigger=Trigger.REVIEW_LATE,
    )
    return Round.objects.filter(
        Exists(of_book), ~Exists(known), state=Round.State.REVIEWING, review_by__lt=on
    )


@transaction.atomic
def propose_overdue(*, on: date, branches: Collection[int], at: datetime) -> int:
    """Put before the reviewers of these branches that their review is late. Run again, it
    proposes nothing twice."""
    due = overdue_reviews(on).filter(branch__in=branches).order_by("pk")
    rounds = list(due.select_for_update(of=("self",)))
    return propose(rounds, at=at)
