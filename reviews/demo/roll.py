"""The demonstration's organisations, people, accounts and rule books.

Rows of the roll are facts, not rules: they are stored as they are. Who may act on them, and
what follows, is left to the services.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from django.conf import settings
from django.contrib.auth.hashers import make_password

from branches.models import Branch, Committee
from lib.months import last_day, previous_month
from members.models import (
    Exemption,
    LeadershipDuty,
    Member,
    Membership,
    Position,
    StaffAppointment,
    User,
)
from members.pinyin import pinyin_of
from members.rights import Actor, actor_on, system_actor
from points.models import CategoryCap, Criterion, Policy, RuleBook
from reviews.demo import rule_book, story
from reviews.demo.names import people

SEED = 20
# Nobody signs in with such a password: it is not one.
UNUSABLE = "!demo"


@dataclass
class Department:
    """What the story needs at hand: rows, and who somebody is on a day."""

    calendar: story.Calendar
    system: Actor
    branches: dict[str, Branch] = field(default_factory=dict)
    seats: dict[str, list[Member]] = field(default_factory=dict)
    criteria: dict[int, dict[str, Criterion]] = field(default_factory=dict)
    codes: dict[str, frozenset[str]] = field(default_factory=dict)
    _actors: dict[tuple[int, date | None], Actor] = field(default_factory=dict)
    _changing: set[int] = field(default_factory=set)

    def member(self, branch: str, seat: int) -> Member:
        return self.seats[branch][seat]

    def account(self, username: str) -> Member:
        return self.member(*story.ACCOUNTS[username])

    def actor(self, member: Member, day: date) -> Actor:
        """The member's rights on that day, asked once; again each day where they change."""
        key = (member.pk, day if member.pk in self._changing else None)
        if key not in self._actors:
            assert member.user is not None
            self._actors[key] = actor_on(member.user, day)
        return self._actors[key]

    def items_of(self, member: Member, dice: Random) -> int:
        """How many items the member brings home in a month."""
        is_zealous = member is self.account(story.ZEALOUS_ACCOUNT)
        zeal = 4 if is_zealous else Random(member.staff_no).choice(story.ZEAL)  # noqa: S311
        return dice.randint(zeal // 2, zeal)

    def staff(self, day: date) -> Actor:
        return self.actor(self.account("staff"), day)

    def is_changing(self, member: Member) -> None:
        self._changing.add(member.pk)

    def roster(self, plan: story.Plan, month: date) -> list[Member]:
        """The members of a branch on the month's first day, in the order of their seats."""
        old, seat, new = story.TRANSFERRED
        moved = self.member(old, seat)
        has_moved = month >= self.calendar.ago(story.TRANSFERRED_BACK)
        away = {moved} if has_moved and plan.key == old else set()
        away |= {
            member
            for key, place in story.PROBATIONARY_NOW
            if (member := self.member(key, place)).joined_on and member.joined_on > month
        }
        here = [member for member in self.seats[plan.key] if member not in away]
        return [*here, moved] if has_moved and plan.key == new else here

    def bench(self, plan: story.Plan, day: date) -> list[Member]:
        """The members of the branch committee on that day, the secretary first if there is
        one."""
        seats = self.seats[plan.key][: plan.seats]
        left = plan.key == story.LEAVING_SECRETARY[0] and day >= self.calendar.latest_closed
        return seats[1:] if left else seats

    def has_secretary(self, plan: story.Plan, day: date) -> bool:
        return self.bench(plan, day)[0] is self.seats[plan.key][0]


def build_roll(calendar: story.Calendar) -> Department:
    """Store committees, branches, people with accounts, positions and duties."""
    department = Department(calendar=calendar, system=system_actor())
    _store_organisations(department)
    _store_people(department)
    _store_positions(department)
    _store_duties(department)
    _store_movements(department)
    _store_policies(department)
    for plan in story.PLANS:
        _store_rule_books(department, plan)
    return department


def _store_organisations(department: Department) -> None:
    top = Committee.objects.create(
        name=story.COMMITTEE, kind=Committee.Kind.PARTY_COMMITTEE, roll_order=1
    )
    general = Committee.objects.create(
        name=story.GENERAL_BRANCH,
        kind=Committee.Kind.GENERAL_BRANCH,
        parent=top,
        unit_type="厅属事业单位",
        roll_order=2,
    )
    for order, plan in enumerate(story.PLANS, start=1):
        department.branches[plan.key] = Branch.objects.create(
            name=plan.name,
            committee=general if plan.early else top,
            unit_type=plan.unit_type,
            roll_order=order,
        )


def _store_people(department: Department) -> None:
    places = [(plan.key, seat) for plan in story.PLANS for seat in range(plan.size)]
    names = dict(zip(places, people(len(places), SEED), strict=True))
    usernames = {place: name for name, place in story.ACCOUNTS.items()}
    password = make_password(settings.DEMO_PASSWORD)
    users = User.objects.bulk_create(
        User(
            username=usernames.get(place, _staff_no(number)),
            password=password if place in usernames else UNUSABLE,
            is_superuser=usernames.get(place) == "admin",
            is_staff=usernames.get(place) == "admin",
        )
        for number, place in enumerate(places, start=1)
    )
    dice = Random(SEED)  # noqa: S311
    members = Member.objects.bulk_create(
        Member(
            user=user,
            staff_no=_staff_no(number),
            name=names[place].name,
            gender=names[place].gender,
            category=_category(place),
            is_leading_cadre=place in story.LEADING_CADRES,
            roll_order=number,
            **pinyin_of(names[place].name),
            **_dates(department.calendar, place, dice),
        )
        for number, (place, user) in enumerate(zip(places, users, strict=True), start=1)
    )
    seats: dict[str, list[Member]] = defaultdict(list)
    for (key, _seat), member in zip(places, members, strict=True):
        seats[key].append(member)
    department.seats = dict(seats)
    Membership.objects.bulk_create(
        Membership(
            member=member,
            branch=department.branches[place[0]],
            starts_on=member.joined_on if place in story.PROBATIONARY_NOW else None,
        )
        for place, member in zip(places, members, strict=True)
    )


def _staff_no(number: int) -> str:
    return f"RS{number:04d}"


def _category(place: tuple[str, int]) -> str:
    is_probationary = place == story.PROBATIONARY_FIRST or place in story.PROBATIONARY_NOW
    return Member.Category.PROBATIONARY if is_probationary else Member.Category.FULL


def _dates(
    calendar: story.Calendar, place: tuple[str, int], dice: Random
) -> dict[str, date | None]:
    """Dates of birth and of joining that go together: older in the branch of the retired,
    younger for those who joined lately."""
    joined: date
    full: date | None
    if place == story.PROBATIONARY_FIRST:
        joined, full = date(calendar.frozen_year, 1, 4), None
        age = dice.randrange(25, 33)
    elif place in story.PROBATIONARY_NOW:
        joined, full = calendar.ago(7) + timedelta(days=dice.randrange(28)), None
        age = dice.randrange(23, 32)
    else:
        age = dice.randrange(61, 84) if place[0] == "retired" else dice.randrange(29, 59)
        since = dice.randrange(3, age - 22)
        joined = date(calendar.frozen_year - since, dice.choice((6, 7, 12)), dice.randrange(1, 28))
        full = date(joined.year + 1, joined.month, joined.day)
    born = date(calendar.present.year - age, dice.randrange(1, 13), dice.randrange(1, 28))
    return {"born_on": born, "joined_on": joined, "full_since": full}


def _store_positions(department: Department) -> None:
    rows = []
    for plan in story.PLANS:
        for seat, kind in enumerate(story.SEATS[: plan.seats]):
            rows.append(
                Position(
                    member=department.member(plan.key, seat),
                    branch=department.branches[plan.key],
                    kind=kind,
                )
            )
    Position.objects.bulk_create(rows)
    left = department.member(*story.LEAVING_SECRETARY)
    Position.objects.filter(member=left).update(
        ends_on=last_day(previous_month(department.calendar.latest_closed))
    )
    department.is_changing(left)


def _store_duties(department: Department) -> None:
    kinds = LeadershipDuty.Kind
    LeadershipDuty.objects.bulk_create(
        LeadershipDuty(
            leader=department.member("office", seat),
            branch=department.branches[key],
            kind=kinds.IN_CHARGE if in_charge else kinds.ASSISTING,
        )
        for seat, key, in_charge in story.DUTIES
    )
    staff = department.account("staff")
    assert staff.user is not None
    StaffAppointment.objects.create(
        user=staff.user, committee=Committee.objects.get(name=story.COMMITTEE)
    )


def _store_movements(department: Department) -> None:
    """A transfer, and months in which somebody is not assessed."""
    calendar = department.calendar
    old, seat, new = story.TRANSFERRED
    moved, month = department.member(old, seat), calendar.ago(story.TRANSFERRED_BACK)
    Membership.objects.filter(member=moved).update(ends_on=last_day(previous_month(month)))
    Membership.objects.create(member=moved, branch=department.branches[new], starts_on=month)
    department.is_changing(moved)
    approver = department.account("staff").user
    assert approver is not None
    key, seat, reason = story.ALWAYS_EXEMPT
    spans = [(key, seat, date(calendar.frozen_year, 1, 1), calendar.present, reason)]
    spans += [
        (key, seat, calendar.ago(first), calendar.ago(last), reason)
        for key, seat, first, last, reason in story.EXEMPT
    ]
    Exemption.objects.bulk_create(
        Exemption(
            member=department.member(key, seat),
            first_month=first,
            last_month=last,
            reason=reason,
            approved_by=approver,
            approved_at=department.calendar.moment(first, hour=9),
        )
        for key, seat, first, last, reason in spans
    )


def _store_policies(department: Department) -> None:
    first = department.calendar.months[0].replace(month=1)
    for committee in Committee.objects.all():
        is_general = committee.kind == Committee.Kind.GENERAL_BRANCH
        early = (
            {
                "declare_by_day": story.EARLY_DECLARE_BY,
                "review_by_day": story.EARLY_REVIEW_BY,
            }
            if is_general
            else {}
        )
        Policy.objects.create(committee=committee, effective_from=first, **early)


def _store_rule_books(department: Department, plan: story.Plan) -> None:
    calendar = department.calendar
    first = date(calendar.frozen_year, plan.first_month, 1)
    _store_rule_book(department, plan, version=1, month=first, pass_line=plan.pass_line)
    if plan.key == "it":
        # A second version, so that versions can be compared.
        month = date(calendar.frozen_year + 1, 1, 1)
        _store_rule_book(department, plan, version=2, month=month, pass_line=Decimal("72.00"))


def _store_rule_book(
    department: Department, plan: story.Plan, *, version: int, month: date, pass_line: Decimal
) -> None:
    approver = department.account("staff").user
    assert approver is not None
    approved_at: datetime = department.calendar.moment(month) - timedelta(days=12)
    book = RuleBook.objects.create(
        branch=department.branches[plan.key],
        version=version,
        effective_from=month,
        base_points=plan.base,
        pass_line=pass_line,
        ceiling=rule_book.CEILING,
        goals=rule_book.GOALS,
        procedure=rule_book.PROCEDURE,
        approved_by=approver,
        approved_at=approved_at,
    )
    CategoryCap.objects.bulk_create(
        CategoryCap(rule_book=book, category=category, max_plus_month=points)
        for category, points in rule_book.CATEGORY_CAPS.items()
    )
    rows = Criterion.objects.bulk_create(
        Criterion(
            rule_book=book,
            code=item.code,
            category=item.category,
            text=item.text,
            points=item.points,
            registered_by=item.who,
            trigger=item.trigger,
            applies_to=item.applies_to,
            max_points_month=item.month,
            max_points_year=item.year,
            needs_evidence=item.needs_evidence,
            zeroes_month=item.zeroes_month,
            sort_order=order,
        )
        for order, item in enumerate(rule_book.ITEMS, start=1)
        if (item.is_starter or not plan.starter_only) and (plan.is_strict or not item.is_strict)
    )
    department.criteria[book.pk] = {row.code: row for row in rows}
    department.codes[plan.key] = frozenset(department.criteria[book.pk])
