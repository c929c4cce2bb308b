"""Random spot checks: drawing, repeating the draw, inspectors, and findings with what they
change (domain.md §7). Where the seed comes from is the view's question: randomness is an
argument here, as the time is."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import Branch, Committee
from lib.display import points as as_points
from lib.display import zh_date
from lib.months import month_of
from lib.steps import Refused
from members.models import User
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from points.models import Criterion, Decision, Entry
from points.services.calendar import Workdays
from points.services.policy import PolicyBook
from reviews import drawing
from reviews.drawing import Key
from reviews.models import Round, SpotCheck, SpotCheckItem
from reviews.services.appeals import window_of
from reviews.services.corrections import Change, Effect, check_seen, correct
from reviews.services.inspectors import Inspector, deciders_of, inspectors_of, why_not
from reviews.services.round import bench_of, month_label

Finding = SpotCheckItem.Finding


# -- the draw --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be drawn: from which months below which committee, and how much: a size, or
    a share of the pool in percent."""

    committee: Committee
    first_month: date
    last_month: date
    size: int | None
    share: Decimal | None
    is_each_branch: bool


def rounds_of(choice: Choice, *, at: datetime) -> "QuerySet[Round]":
    """The months of branches below the committee that were closed by that moment."""
    return Round.objects.closed().filter(
        branch__in=Branch.objects.below(choice.committee),
        month__range=(choice.first_month, choice.last_month),
        closed_at__lte=at,
    )


def pool_of(rounds: "QuerySet[Round]", *, at: datetime) -> list[Key]:
    """The entries of these closed months that were reviewed at that moment: there by then,
    and decided by then with a decision other than withdrawn. What the committee registered is
    left out. The ledger is never overwritten, so the answer stays the same later. One query."""
    then = (
        Decision.objects.filter(entry=OuterRef("pk"), decided_at__lte=at)
        .order_by("-number")
        .values("outcome")[:1]
    )
    entries = (
        Entry.objects.filter(
            Exists(rounds.filter(branch=OuterRef("branch"), month=OuterRef("month"))),
            created_at__lte=at,
        )
        .exclude(criterion__registered_by=Criterion.RegisteredBy.COMMITTEE)
        .annotate(outcome_then=Subquery(then))
        .exclude(outcome_then=None)
        .exclude(outcome_then=Decision.Outcome.WITHDRAWN)
        .order_by()
    )
    return [Key(branch, entry) for branch, entry in entries.values_list("branch", "pk")]


def may_draw(actor: Actor, committee: Committee) -> bool:
    """Staff draw for their own committee and for those below it. One query."""
    return actor.is_system or committee.pk in Committee.objects.subtree_ids(actor.committees)


@transaction.atomic
def draw(*, choice: Choice, token: UUID, seed: str, by: Actor, at: datetime) -> SpotCheck:
    """Draw, record seed, algorithm and digest, and give every drawn entry an inspector. The
    same form twice (``token``) draws once; another form is another draw.

    Raises PermissionDenied for another committee's staff, Refused where nothing can be drawn.
    """
    committee = Committee.objects.select_for_update(no_key=True).get(pk=choice.committee.pk)
    if not may_draw(by, committee):
        raise PermissionDenied
    existing = SpotCheck.objects.filter(token=token, drawn_by=by.user).first()
    if existing is not None:
        return existing
    if choice.first_month > choice.last_month:
        raise Refused(_("The first month lies after the last one."))
    rounds = rounds_of(choice, at=at)
    pool = pool_of(rounds, at=at)
    if not pool:
        raise Refused(
            _("In these months nothing can be drawn: there is no reviewed entry of a closed month.")
        )
    today = timezone.localdate(at)
    days = PolicyBook().of(committee.pk, month_of(today)).inspection_days
    spot_check = SpotCheck.objects.create(
        token=token,
        committee=committee,
        first_month=choice.first_month,
        last_month=choice.last_month,
        size=choice.size,
        share=choice.share,
        is_each_branch=choice.is_each_branch,
        seed=seed,
        algorithm=drawing.ALGORITHM,
        pool_size=len(pool),
        pool_digest=drawing.pool_digest(pool),
        inspect_by=Workdays.load().add(today, days)[0],
        drawn_by=by.user,
        drawn_at=at,
    )
    spot_check.rounds.set(rounds)
    items = _hand_out(spot_check, _sample(spot_check, pool), today)
    record(by=by.user, at=at, verb="draw_spot_check", target=spot_check, count=len(items))
    _ask_to_inspect(spot_check, items, at=at)
    return spot_check


def _sample(spot_check: SpotCheck, pool: Collection[Key]) -> list[Key]:
    size = drawing.sample_size(len(pool), size=spot_check.size, share=spot_check.share)
    return drawing.draw(
        pool, seed=spot_check.seed, size=size, is_each_branch=spot_check.is_each_branch
    )


def _hand_out(spot_check: SpotCheck, sample: Collection[Key], day: date) -> list[SpotCheckItem]:
    """Give the drawn entries inspectors in turn: the committee's own staff first, then those of
    its superiors. Where nobody may, the entry has none yet."""
    entries = Entry.objects.in_bulk([key.entry for key in sample])
    deciders = deciders_of(entries)
    staff = inspectors_of(spot_check.committee, day)
    ranks = sorted({one.rank for one in staff})
    given = drawing.share_out(
        [
            {one.user for one in staff if not why_not(one, entries[pk], deciders[pk])}
            for _branch, pk in sample
        ],
        [[one.user for one in staff if one.rank == rank] for rank in ranks],
    )
    return SpotCheckItem.objects.bulk_create(
        SpotCheckItem(
            spot_check=spot_check, number=number, entry=entries[key.entry], inspector_id=inspector
        )
        for number, (key, inspector) in enumerate(zip(sample, given, strict=True), start=1)
    )


def _ask_to_inspect(spot_check: SpotCheck, items: Iterable[SpotCheckItem], *, at: datetime) -> None:
    """One notice to each inspector, with the number of entries and the day."""
    counts: dict[int, int] = {}
    for item in items:
        if item.inspector_id is not None:
            counts[item.inspector_id] = counts.get(item.inspector_id, 0) + 1
    for user, count in counts.items():
        subject = ngettext(
            "Spot check: %(count)s entry is yours to inspect by %(day)s.",
            "Spot check: %(count)s entries are yours to inspect by %(day)s.",
            count,
        ) % {"count": count, "day": zh_date(spot_check.inspect_by)}
        url = spot_check.get_absolute_url()
        tell_users([user], key=f"spot_check:{spot_check.pk}", subject=subject, url=url, at=at)


@dataclass(frozen=True, slots=True)
class Repetition:
    """A draw worked out once more: its pool's digest, and the entries in order, as recorded
    and as they come out now."""

    digest: str
    recorded: tuple[Key, ...]
    again: tuple[Key, ...]
    is_same_pool: bool

    @property
    def is_identical(self) -> bool:
        return self.is_same_pool and self.recorded == self.again


def repeat(spot_check: SpotCheck) -> Repetition:
    """Draw again with the recorded seed from the pool as it was at the moment of the draw, and
    compare. Nothing is written. Three queries."""
    pool = pool_of(spot_check.rounds.all(), at=spot_check.drawn_at)
    digest = drawing.pool_digest(pool)
    rows = spot_check.items.order_by("number").values_list("entry__branch", "entry")
    is_known = spot_check.algorithm == drawing.ALGORITHM
    return Repetition(
        digest=digest,
        recorded=tuple(Key(branch, entry) for branch, entry in rows),
        again=tuple(_sample(spot_check, pool)) if pool and is_known else (),
        is_same_pool=digest == spot_check.pool_digest and len(pool) == spot_check.pool_size,
    )


# -- inspectors ------------------------------------------------------------------------------


def why_may_not_inspect(item: SpotCheckItem, inspector: Inspector) -> str:
    """The reason in words; empty where they may. One query."""
    return why_not(inspector, item.entry, deciders_of([item.entry_id])[item.entry_id])


def inspector_of(item: SpotCheckItem, user: User, day: date) -> Inspector | None:
    """This account as an inspector of the item's draw; None where it has no such office."""
    staff = inspectors_of(item.spot_check.committee, day)
    return next((one for one in staff if one.user == user.pk), None)


def may_inspect(actor: Actor, item: SpotCheckItem, day: date) -> bool:
    """The assigned inspector alone; where there is none, whoever may be assigned."""
    if item.inspector_id is not None and item.inspector_id != actor.user.pk:
        return False
    inspector = inspector_of(item, actor.user, day)
    return inspector is not None and not why_may_not_inspect(item, inspector)


def _lock_item(pk: int) -> SpotCheckItem:
    return (
        SpotCheckItem.objects.select_for_update(of=("self",))
        .select_related(
            "spot_check__committee", "entry__criterion", "entry__member", "entry__branch"
        )
        .get(pk=pk)
    )


@transaction.atomic
def assign(*, pk: int, inspector: User, by: Actor, at: datetime) -> SpotCheckItem:
    """Give a drawn entry an inspector, or another one, until something was found.

    Raises PermissionDenied for who may not draw for the committee, Refused (by name) for an
    inspector who may not inspect this entry.
    """
    item = _lock_item(pk)
    if not may_draw(by, item.spot_check.committee):
        raise PermissionDenied
    if item.inspector_id == inspector.pk:
        return item
    if item.finding:
        raise Refused(already_found(item))
    name = {"name": inspector.display_name}
    found = inspector_of(item, inspector, timezone.localdate(at))
    if found is None:
        raise Refused(_("%(name)s is not on the staff of this committee or above it.") % name)
    if why := why_may_not_inspect(item, found):
        raise Refused(
            _("%(name)s cannot inspect this entry: %(why)s. Choose somebody else.")
            % (name | {"why": why})
        )
    item.inspector = inspector
    item.save(update_fields=["inspector"])
    spot_check = item.spot_check
    record(
        by=by.user,
        at=at,
        verb="assign_inspector",
        target=spot_check,
        branch=item.entry.branch_id,
        number=item.number,
        inspector=inspector.pk,
    )
    subject = _("Spot check: entry %(number)s is yours to inspect by %(day)s.") % {
        "number": item.number,
        "day": zh_date(spot_check.inspect_by),
    }
    key = f"inspect:{item.pk}:{at:%Y%m%d%H%M%S}"
    tell_users([inspector], key=key, subject=subject, url=item.get_absolute_url(), at=at)
    return item


# -- findings --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """What an inspector found: right points only where the points are wrong, a note unless
    everything is in order."""

    finding: str
    right_points: Decimal | None = None
    note: str = ""


def already_found(item: SpotCheckItem) -> str:
    return _("%(name)s has recorded a finding already: %(finding)s. An appeal corrects it.") % {
        "name": item.found_by.display_name if item.found_by else "",
        "finding": item.get_finding_display(),
    }


@transaction.atomic
def record_finding(
    *, pk: int, found: Found, by: Actor, at: datetime, seen: str | None = None
) -> tuple[SpotCheckItem, Effect]:
    """Record what was found. Wrong points are put right, an entry without its evidence or
    falsely declared is rejected: in the same transaction, with the follow-ups (domain.md §7).
    The member and the branch's secretary are told. A finding is never overwritten: the same
    one again changes nothing. ``seen`` is the digest of the effect that was shown.

    Raises PermissionDenied for anybody but the inspector, Refused where it is incomplete,
    where another was recorded, or where the effect is no longer the one shown.
    """
    item = _lock_item(pk)
    if item.finding:
        same = (item.finding, item.right_points, item.note, item.found_by_id)
        if same == (found.finding, found.right_points, found.note, by.user.pk):
            return item, Effect()
        raise Refused(already_found(item))
    if not may_inspect(by, item, timezone.localdate(at)):
        raise PermissionDenied
    change = _change(item.entry, found)
    effect = Effect()
    if change is not None:
        round_ = Round.objects.select_related("branch", "rule_book").get(
            branch=item.entry.branch_id, month=item.entry.month
        )
        effect = correct(
            member=item.entry.member_id,
            round_=round_,
            change=change,
            reason=_("Spot check, %(finding)s: %(note)s")
            % {"finding": Finding(found.finding).label, "note": found.note},
            by=by,
            at=at,
        )
    check_seen(effect, seen)
    item.finding, item.right_points, item.note = found.finding, found.right_points, found.note
    item.found_by, item.found_at = by.user, at
    item.inspector = item.inspector or by.user
    item.save(
        update_fields=["finding", "right_points", "note", "found_by", "found_at", "inspector"]
    )
    record(
        by=by.user,
        at=at,
        verb="record_finding",
        target=item,
        branch=item.entry.branch_id,
        member=item.entry.member_id,
        finding=item.finding,
    )
    if item.finding != Finding.IN_ORDER:
        _tell_finding(item, effect, at=at)
    return item, effect


def effect_of_finding(*, pk: int, found: Found, by: Actor, at: datetime) -> Effect:
    """What the finding would change: recorded by the same rules and taken back again. Raises
    what ``record_finding`` raises."""
    with transaction.atomic():
        _item, effect = record_finding(pk=pk, found=found, by=by, at=at)
        transaction.set_rollback(True)
    return effect


def _change(entry: Entry, found: Found) -> Change | None:
    """The new decision that a finding asks for; None where the decision stands. Raises
    Refused where the finding is incomplete."""
    if found.finding not in Finding.values:
        raise Refused(_("Choose what was found."))
    if found.finding == Finding.IN_ORDER:
        return None
    if not found.note.strip():
        raise Refused(_("Say what was found: the member will read it."))
    current = entry.decisions.get(is_current=True)
    if found.finding != Finding.POINTS_WRONG:
        # What was rejected already stays rejected; the finding stands all the same.
        is_rejected = current.outcome == Decision.Outcome.REJECTED
        return None if is_rejected else Change(entry.pk, Decision.Outcome.REJECTED, None)
    right = found.right_points
    if right is None:
        raise Refused(_("Enter the right points."))
    if right == current.points:
        raise Refused(_("These are the points that were decided: nothing is wrong with them."))
    if right == entry.claimed_points:
        return Change(entry.pk, Decision.Outcome.APPROVED, None)
    return Change(entry.pk, Decision.Outcome.ADJUSTED, right)


def _tell_finding(item: SpotCheckItem, effect: Effect, *, at: datetime) -> None:
    """The member: what was found, what it changed, until when to appeal. The secretary: what
    was found about whom, with the month's page."""
    entry, today = item.entry, timezone.localdate(at)
    values = {
        "month": month_label(entry.month),
        "finding": item.get_finding_display(),
        "name": entry.member.name,
        "change": _what_changed(effect, entry.month),
        "day": zh_date(window_of(item, today).last_day),
    }
    key = f"finding:{item.pk}"
    mine = _(
        "Spot check of an item of %(month)s: %(finding)s. %(change)s You may appeal until %(day)s."
    )
    theirs = _("Spot check of an item of %(name)s, %(month)s: %(finding)s. %(change)s")
    round_ = Round.objects.get(branch=entry.branch_id, month=entry.month)
    bench = bench_of(entry.branch_id, today)
    messages = [Message(entry.member_id, key, mine % values, item.get_absolute_url())]
    messages += [
        Message(secretary, key, theirs % values, round_.get_absolute_url())
        for secretary in bench.secretaries - {entry.member_id}
    ]
    tell(messages, at=at)


def _what_changed(effect: Effect, month: date) -> str:
    revised = next((one for one in effect.revised if one.new.month == month), None)
    if revised is None or revised.old is None or revised.old.score == revised.new.score:
        return _("The month's points stay as they are.")
    return _("The month's points change from %(old)s to %(new)s.") % {
        "old": as_points(revised.old.score),
        "new": as_points(revised.new.score),
    }
