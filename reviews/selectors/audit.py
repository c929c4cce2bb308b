"""Who did what (操作日志): the steps that one's committee may look into. What a step said stays
where it was said: a row names the step, the person, the branch and the member, no points and no
text; of a file that was taken out its kind and scope (domain.md §9, §10)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.apps import apps
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from branches.models import Branch, Committee
from lib.display import zh_month
from lib.months import parse_month
from members.models import Event, Membership, StaffAppointment
from members.rights import Actor
from reviews.audit import TARGETS, said
from reviews.models import Export
from reviews.selectors.exports import branches_label

# Up to so many branches of a file are named; more are counted.
MOST_NAMED: Final = 5

# Its kind, what it is called, and whose data it holds.
File = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One step as the log shows it. ``note``: the months it was about, or the file's name."""

    at: datetime
    who: str
    account: str
    text: str
    about: Any
    note: str
    branch: str
    member: str


def branches_of(actor: Actor) -> QuerySet[Branch]:
    """The branches that the log can be narrowed to, in the roll's order."""
    branches = Branch.objects.order_by("roll_order", "pk")
    return branches if _sees_all(actor) else branches.filter(pk__in=actor.branches_below)


def events_for(actor: Actor) -> QuerySet[Event]:
    """The steps in branches below one's committee; those without a branch that staff of one's
    committee or below took, or that concern a member of these branches. Administrators look
    after the installation and see all. One query for the committees below."""
    events = Event.objects.select_related("by__member", "branch", "member").order_by("-at", "-pk")
    if _sees_all(actor):
        return events
    committees = Committee.objects.subtree_ids(actor.committees) if actor.committees else set()
    staff = StaffAppointment.objects.filter(committee__in=committees).values("user")
    members = Membership.objects.filter(branch__in=actor.branches_below).values("member")
    without_branch = Q(branch__isnull=True) & (Q(by__in=staff) | Q(member__in=members))
    return events.filter(Q(branch__in=actor.branches_below) | without_branch)


def _sees_all(actor: Actor) -> bool:
    return actor.is_administrator or actor.is_system


def narrowed(events: QuerySet[Event], wanted: Mapping[str, Any]) -> QuerySet[Event]:
    """By person (who did it, or whom it concerned), step, branch, and days, both included."""
    if person := (wanted.get("person") or "").strip():
        events = events.filter(
            Q(by__member__name__icontains=person)
            | Q(by__username__icontains=person)
            | Q(by__last_name__icontains=person)
            | Q(by__first_name__icontains=person)
            | Q(member__name__icontains=person)
        )
    if wanted.get("verb"):
        events = events.filter(verb=wanted["verb"])
    if branch := wanted.get("branch"):
        exports = Export.branches.through.objects.filter(branch=branch).values("export")
        in_file = Q(target_type="export", target_id__in=exports)
        events = events.filter(Q(branch=branch) | in_file)
    if wanted.get("first"):
        events = events.filter(at__gte=_midnight(wanted["first"]))
    if wanted.get("last"):
        events = events.filter(at__lt=_midnight(wanted["last"] + timedelta(days=1)))
    return events


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def rows(events: Iterable[Event]) -> Iterator[Row]:
    """In words. Of the details only the months a step was about, and what was exported, of whom:
    nothing else is for a list. Two queries where there are exports."""
    events = list(events)
    files = _files({one.target_id or 0 for one in events if one.target_type == "export"})
    for event in events:
        file = files.get(event.target_id or 0) if event.target_type == "export" else None
        about, note, scope = file or _taken_out(event) or ("", "", "")
        yield Row(
            at=event.at,
            who=event.by.display_name,
            account=event.by.username,
            text=said(event.verb, event.target_type),
            about=about or TARGETS.get(event.target_type, ""),
            note=note or _months(event.details),
            branch=scope or (event.branch.name if event.branch else ""),
            member=event.member.name if event.member else "",
        )


def _files(exports: Collection[int]) -> dict[int, File]:
    """Of each export its kind, the file's name, which says the time too, and its branches. The
    row of an export is kept as the log. Two queries."""
    found = Export.objects.filter(pk__in=exports).annotate(count=Count("branches"))
    counts = {one: one.count for one in found.order_by()}
    few = [one.pk for one, count in counts.items() if count <= MOST_NAMED]
    names: defaultdict[int, list[str]] = defaultdict(list)
    links = Export.branches.through.objects.filter(export__in=few)
    for export, name in links.order_by("branch__roll_order", "branch").values_list(
        "export", "branch__name"
    ):
        names[export].append(name)
    return {
        one.pk: (
            one.get_kind_display(),
            one.name,
            "、".join(names[one.pk]) or branches_label(count),
        )
        for one, count in counts.items()
    }


def _taken_out(event: Event) -> File | None:
    """What was taken out at once, without a row of an export."""
    year, branches = event.details.get("year"), event.details.get("branches")
    if event.verb == "export_year" and isinstance(branches, list):
        return str(Export.Kind.YEAR.label), str(year or ""), branches_label(len(branches))
    if event.verb == "export_table":
        return _table(str(event.details.get("table"))), "", ""
    return None


def _table(label: str) -> str:
    """A table in words; one of an earlier version by its own name."""
    try:
        return str(apps.get_model(label)._meta.verbose_name_plural)
    except (LookupError, ValueError):
        return label


def _months(details: Mapping[str, Any]) -> str:
    found = details.get("months") or [details.get("month")]
    return "、".join(zh_month(month) for month in map(_month, found) if month)


def _month(value: object) -> date | None:
    try:
        return parse_month(str(value)) if value else None
    except ValueError:
        return None
