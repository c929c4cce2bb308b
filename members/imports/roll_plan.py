"""What a roll changes in what is stored: worked out without writing anything (formats.md §1)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.imports import SHEET as ORGANISATIONS
from branches.imports import OrganisationPlan, plan_organisations
from branches.models import Branch, Committee
from lib.excel import Problem
from lib.imports import ImportReport
from lib.months import next_month
from members.imports.roll_file import MEMBERS, Roll, RollRow, names_of_kinds
from members.models import LeadershipDuty, Member, Membership, Position, User
from members.rights import Actor

Key = tuple[str, str]
"""What a span is about: a branch's name, and the kind of position or duty ("" for membership)."""

MEMBERSHIP: Final = "membership"
POSITION: Final = "position"
DUTY: Final = "duty"


@dataclass(frozen=True, slots=True)
class Span:
    """A stored membership, position or duty."""

    pk: int
    key: Key
    starts_on: date | None
    ends_on: date | None

    def holds_on(self, day: date) -> bool:
        return (self.starts_on or date.min) <= day <= (self.ends_on or date.max)


@dataclass(frozen=True, slots=True)
class SpanChanges:
    """Spans to end on a day (None: to leave open again), to delete, and to create."""

    end: tuple[tuple[int, date | None], ...] = ()
    delete: tuple[int, ...] = ()
    create: tuple[tuple[Key, date | None], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.end or self.delete or self.create)


def bring_spans(
    spans: Iterable[Span], target: frozenset[Key], *, today: date, start: date
) -> SpanChanges:
    """Return what makes exactly ``target`` hold from the day ``start`` on, without end.

    What holds today already is left alone, whatever ``start`` says, and so is what holds from
    ``start`` on: doing it twice changes nothing. Source: formats.md §1 (“than today's”).
    """
    spans = list(spans)
    held_today = {span.key for span in spans if span.holds_on(today)}
    reaching = [span for span in spans if (span.ends_on or date.max) >= start]
    is_settled = sorted(target) == sorted(
        span.key
        for span in reaching
        if span.ends_on is None and (span.starts_on or date.min) <= start
    ) and len(reaching) == len(target)
    if held_today == target or is_settled:
        return SpanChanges()
    end: list[tuple[int, date | None]] = []
    delete: list[int] = []
    kept: set[Key] = set()
    for span in reaching:
        begins = span.starts_on or date.min
        if begins <= start and span.key in target - kept:
            kept.add(span.key)
            if span.ends_on is not None:
                end.append((span.pk, None))
        elif begins >= start:
            delete.append(span.pk)
        else:
            end.append((span.pk, start - timedelta(days=1)))
    return SpanChanges(
        tuple(end), tuple(delete), tuple((key, start) for key in sorted(target - kept))
    )


@dataclass(frozen=True, slots=True)
class MemberChange:
    """What the roll does to one member, for people (``details``) and for the store."""

    row: RollRow
    member: Member | None
    fields: Mapping[str, Any]
    username: str
    spans: Mapping[str, SpanChanges]
    transfer: tuple[str, str] | None
    details: tuple[str, ...]

    @property
    def staff_no(self) -> str:
        return self.row.staff_no

    @property
    def name(self) -> str:
        return str(self.row.fields["name"])

    @property
    def branch(self) -> str:
        return self.row.branch


@dataclass(frozen=True, slots=True)
class RollReport(ImportReport):
    """What a roll changes. ``missing`` are members on the roll who are not in the file; they
    are left alone. Transfers, positions and duties count from ``start``."""

    start: date | None = None
    organisations: OrganisationPlan = field(default_factory=OrganisationPlan)
    created: tuple[MemberChange, ...] = ()
    updated: tuple[MemberChange, ...] = ()
    transferred: tuple[MemberChange, ...] = ()
    unchanged: int = 0
    missing: tuple[Member, ...] = ()
    ended: tuple[tuple[int, date | None], ...] = ()
    deleted: tuple[int, ...] = ()


def preview_roll(roll: Roll, *, by: Actor, today: date, as_of: date | None = None) -> RollReport:
    """Compare a roll with what is stored, and say everything that importing it would do.

    Changes of branch, position and duty count from the first day of the month ``as_of`` (default:
    the month after today's). Somebody new belongs to the branch from then on too, or, where the
    branch had no member before and no ``as_of`` is given, without a lower bound. Nothing is
    written; the number of queries does not depend on the number of rows. Source: formats.md §1.
    """
    start = as_of or next_month(today.replace(day=1))
    organisations = plan_organisations(roll.organisations)
    stored = _Stored.load(roll)
    problems = (*roll.problems, *organisations.problems)
    if not organisations.problems:
        problems += (
            *_unknown_branches(roll, stored),
            *_taken_usernames(roll, stored),
            *_out_of_reach(roll, organisations, stored, by),
        )
    if problems:
        return RollReport(problems=_in_order(problems), notes=roll.notes, start=start)
    changes = [
        _member_change(row, stored, today=today, start=start, is_dated=as_of is not None)
        for row in roll.members
    ]
    displaced = _displaced_secretaries(changes, roll, stored, start)
    created = tuple(c for c in changes if c.member is None)
    updated = tuple(c for c in changes if c.member is not None and c.details)
    missing = _missing(roll, stored, by, today)
    return RollReport(
        notes=(*roll.notes, *displaced.notes, *_missing_note(missing)),
        counts=_counts(organisations, created, updated),
        start=start,
        organisations=organisations,
        created=created,
        updated=updated,
        transferred=tuple(c for c in updated if c.transfer),
        unchanged=len(changes) - len(created) - len(updated),
        missing=missing,
        ended=displaced.end,
        deleted=displaced.delete,
    )


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is stored of the members of a roll. A fixed number of queries."""

    members: Mapping[str, Member]
    spans: Mapping[str, Mapping[int, list[Span]]]
    branches: Mapping[str, int]
    peopled: frozenset[str]
    users: Mapping[str, int]
    secretaries: Mapping[str, Sequence[tuple[Span, Member]]]

    @classmethod
    def load(cls, roll: Roll) -> "_Stored":
        members = {m.staff_no: m for m in Member.objects.select_related("user")}
        branches = dict(Branch.objects.values_list("name", "pk"))
        spans = {
            MEMBERSHIP: _spans(Membership.objects.all(), "member_id"),
            POSITION: _spans(Position.objects.all(), "member_id", "kind"),
            DUTY: _spans(LeadershipDuty.objects.all(), "leader_id", "kind"),
        }
        by_id = {member.pk: member for member in members.values()}
        secretaries: defaultdict[str, list[tuple[Span, Member]]] = defaultdict(list)
        for member_id, positions in spans[POSITION].items():
            for span in positions:
                if span.key[1] == Position.Kind.SECRETARY:
                    secretaries[span.key[0]].append((span, by_id[member_id]))
        peopled = {span.key[0] for rows in spans[MEMBERSHIP].values() for span in rows}
        return cls(
            members=members,
            spans=spans,
            branches=branches,
            peopled=frozenset(peopled),
            users=dict(User.objects.values_list("username", "pk")),
            secretaries=secretaries,
        )

    def branch_on(self, member: Member, day: date) -> str:
        """The name of the branch to which the member belongs on that day, or ""."""
        held = [s for s in self.spans[MEMBERSHIP].get(member.pk, ()) if s.holds_on(day)]
        return max(held, key=lambda s: s.starts_on or date.min).key[0] if held else ""


def _spans(queryset: Any, owner: str, kind: str = "") -> dict[int, list[Span]]:
    spans: defaultdict[int, list[Span]] = defaultdict(list)
    columns = ("pk", owner, "branch__name", "starts_on", "ends_on", *([kind] if kind else []))
    for pk, owner_id, branch, starts_on, ends_on, *kinds in queryset.order_by("pk").values_list(
        *columns
    ):
        key = (branch, kinds[0] if kinds else "")
        spans[owner_id].append(Span(pk, key, starts_on, ends_on))
    return spans


def _member_change(
    row: RollRow, stored: _Stored, *, today: date, start: date, is_dated: bool
) -> MemberChange:
    member = stored.members.get(row.staff_no)
    targets = _targets(row)
    if member is None:
        is_first = not is_dated and row.branch not in stored.peopled
        first_day = None if is_first else start
        return MemberChange(
            row=row,
            member=None,
            fields=row.fields,
            username=row.username or row.staff_no,
            spans={
                what: SpanChanges(create=tuple((key, first_day) for key in sorted(target)))
                for what, target in targets.items()
            },
            transfer=None,
            details=(),
        )
    fields = {f: value for f, value in row.fields.items() if getattr(member, f) != value}
    username = row.username if member.user and row.username != member.user.username else ""
    if member.user is None:
        username = row.username or row.staff_no
    spans = {
        what: bring_spans(stored.spans[what].get(member.pk, ()), target, today=today, start=start)
        for what, target in targets.items()
    }
    transfer = None
    if spans[MEMBERSHIP]:
        transfer = (stored.branch_on(member, start - timedelta(days=1)), row.branch)
    return MemberChange(
        row=row,
        member=member,
        fields=fields,
        username=username,
        spans=spans,
        transfer=transfer,
        details=tuple(_details(row, member, fields, username, spans, transfer, start)),
    )


def _targets(row: RollRow) -> dict[str, frozenset[Key]]:
    """What is to hold for the member; a column the file does not have says nothing."""
    targets = {MEMBERSHIP: frozenset({(row.branch, "")})}
    if row.positions is not None:
        targets[POSITION] = frozenset((row.branch, kind) for kind in row.positions)
    if row.in_charge is not None or row.assisting is not None:
        targets[DUTY] = frozenset(
            {(name, LeadershipDuty.Kind.IN_CHARGE.value) for name in row.in_charge or ()}
            | {(name, LeadershipDuty.Kind.ASSISTING.value) for name in row.assisting or ()}
        )
    return targets


def _details(
    row: RollRow,
    member: Member,
    fields: Mapping[str, Any],
    username: str,
    spans: Mapping[str, SpanChanges],
    transfer: tuple[str, str] | None,
    start: date,
) -> Iterable[str]:
    day = date_format(start, "DATE_FORMAT")
    if transfer:
        yield _("From %(day)s: transfer from %(old)s to %(new)s") % {
            "day": day,
            "old": transfer[0] or "—",
            "new": transfer[1],
        }
    if spans.get(POSITION):
        yield _("From %(day)s: %(position)s") % {
            "day": day,
            "position": names_of_kinds(row.positions or ()),
        }
    if spans.get(DUTY):
        yield _("From %(day)s: in charge of %(in_charge)s; assisting with %(assisting)s") % {
            "day": day,
            "in_charge": "、".join(sorted(row.in_charge or ())) or "—",
            "assisting": "、".join(sorted(row.assisting or ())) or "—",
        }
    for name, value in fields.items():
        yield _("%(field)s: %(old)s → %(new)s") % {
            "field": Member._meta.get_field(name).verbose_name,  # type: ignore[union-attr]
            "old": _shown(member, name, getattr(member, name)),
            "new": _shown(member, name, value),
        }
    if username:
        yield _("Account: %(name)s") % {"name": username}


def _shown(member: Member, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    choices = dict(getattr(Member._meta.get_field(name), "flatchoices", ()))
    return str(choices.get(value, value)) if value not in (None, "") else "—"


@dataclass(frozen=True, slots=True)
class _Displaced:
    end: tuple[tuple[int, date | None], ...] = ()
    delete: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def _displaced_secretaries(
    changes: Sequence[MemberChange], roll: Roll, stored: _Stored, start: date
) -> _Displaced:
    """A branch has one secretary: the file's takes the place of one who is not in the file."""
    in_file = {row.staff_no for row in roll.members}
    end: list[tuple[int, date | None]] = []
    delete: list[int] = []
    notes: list[str] = []
    for change in changes:
        positions = change.spans.get(POSITION, SpanChanges())
        if not any(kind == Position.Kind.SECRETARY for (branch, kind), day in positions.create):
            continue
        for span, member in stored.secretaries.get(change.branch, ()):
            if member.staff_no in in_file or (span.ends_on or date.max) < start:
                continue
            if (span.starts_on or date.min) >= start:
                delete.append(span.pk)
            else:
                end.append((span.pk, start - timedelta(days=1)))
            notes.append(
                _("%(old)s is no longer secretary of %(branch)s: %(new)s takes over.")
                % {"old": member.name, "new": change.name, "branch": change.branch}
            )
    return _Displaced(tuple(end), tuple(delete), tuple(notes))


def _missing(roll: Roll, stored: _Stored, by: Actor, today: date) -> tuple[Member, ...]:
    in_file = {row.staff_no for row in roll.members}
    return tuple(
        member
        for member in sorted(stored.members.values(), key=lambda m: (m.roll_order, m.pk))
        if member.staff_no not in in_file
        and (branch := stored.branch_on(member, today))
        and reaches(by, stored.branches.get(branch))
    )


def _missing_note(missing: Sequence[Member]) -> Iterable[str]:
    if missing:
        names = "、".join(f"{member.name}（{member.staff_no}）" for member in missing)
        yield ngettext(
            "%(count)s member of the roll is not in the file and is left alone: %(names)s",
            "%(count)s members of the roll are not in the file and are left alone: %(names)s",
            len(missing),
        ) % {"count": len(missing), "names": names}


def _counts(
    organisations: OrganisationPlan,
    created: Sequence[MemberChange],
    updated: Sequence[MemberChange],
) -> tuple[str, ...]:
    transferred = sum(change.transfer is not None for change in updated)
    lines = (
        (len(organisations.created), _("Organisations added: %(count)s")),
        (len(organisations.updated), _("Organisations changed: %(count)s")),
        (len(created), _("Members added: %(count)s")),
        (len(updated), _("Members changed: %(count)s")),
        (transferred, _("Of these transferred: %(count)s")),
    )
    return tuple(text % {"count": count} for count, text in lines if count)


# -- what stands against it --------------------------------------------------------------


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    sheets = (ORGANISATIONS.name, MEMBERS.name)
    place = {name: number for number, name in enumerate(sheets, start=1)}
    once = dict.fromkeys(problems)
    return tuple(sorted(once, key=lambda p: (place.get(p.sheet, 0), p.row or 0)))


def _unknown_branches(roll: Roll, stored: _Stored) -> Iterable[Problem]:
    known = {o.name for o in roll.organisations if o.kind == "BRANCH"} | set(stored.branches)
    expected = _("a 党支部 of the sheet 党组织 or of the roll")
    for row in roll.members:
        named = (
            ("支部", [row.branch] if row.branch else []),
            ("分管支部", sorted(row.in_charge or ())),
            ("协管支部", sorted(row.assisting or ())),
        )
        for column, names in named:
            for name in names:
                if name not in known:
                    yield Problem(MEMBERS.name, row.number, column, name, expected)


def _taken_usernames(roll: Roll, stored: _Stored) -> Iterable[Problem]:
    expected = _("an account name that nobody else has")
    for row in roll.members:
        member = stored.members.get(row.staff_no)
        if member is not None and member.user_id and not row.username:
            continue
        username = row.username or row.staff_no
        owner = stored.users.get(username)
        if owner is not None and owner != (member.user_id if member else None):
            yield Problem(MEMBERS.name, row.number, "登录名", username, expected)


def reaches(by: Actor, branch: int | None) -> bool:
    """Whether somebody may import what concerns a branch: staff, below their own committee."""
    return by.is_system or by.is_administrator or branch in by.branches_below


def _out_of_reach(
    roll: Roll, organisations: OrganisationPlan, stored: _Stored, by: Actor
) -> Iterable[Problem]:
    """Staff of a committee import what lies below it, and nothing else (domain.md §9)."""
    if by.is_system or by.is_administrator:
        return
    below = Committee.objects.filter(pk__in=Committee.objects.subtree_ids(by.committees))
    reach = set(below.values_list("name", flat=True))
    reach |= {name for name, pk in stored.branches.items() if pk in by.branches_below}
    sheet, expected = ORGANISATIONS.name, _("something below the committee that you work for")
    for row in organisations.created:
        if row.superior in reach:
            reach.add(row.name)
        else:
            yield Problem(sheet, row.number, "上级党组织", row.superior, expected)
    for row in organisations.updated:
        if row.name not in reach or row.superior not in reach:
            yield Problem(sheet, row.number, "名称", row.name, expected)
    for member in roll.members:
        for column, name in _touched(member, stored):
            if name not in reach:
                yield Problem(MEMBERS.name, member.number, column, name, expected)


def _touched(row: RollRow, stored: _Stored) -> Iterable[tuple[str, str]]:
    """The branches that a row touches, with the column that names them."""
    yield "支部", row.branch
    known = stored.members.get(row.staff_no)
    if known and (held := stored.spans[MEMBERSHIP].get(known.pk)):
        yield "工号", max(held, key=lambda span: span.starts_on or date.min).key[0]
    yield from (("分管支部", name) for name in sorted(row.in_charge or ()))
    yield from (("协管支部", name) for name in sorted(row.assisting or ()))
