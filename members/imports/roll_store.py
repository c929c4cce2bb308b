"""Bringing what is stored to what a roll says: all of it, or nothing (formats.md §1)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.imports import apply_organisations
from branches.models import Branch, Committee
from members.imports.roll_file import Roll
from members.imports.roll_plan import (
    DUTY,
    MEMBERSHIP,
    POSITION,
    MemberChange,
    RollReport,
    SpanChanges,
    preview_roll,
)
from members.models import LeadershipDuty, Member, Membership, Position, RollChange, User
from members.notices import record
from members.pinyin import pinyin_of
from members.rights import Actor

CHUNK = 500
SPAN_MODELS: dict[str, tuple[Any, str]] = {
    MEMBERSHIP: (Membership, "member_id"),
    POSITION: (Position, "member_id"),
    DUTY: (LeadershipDuty, "leader_id"),
}


@transaction.atomic
def apply_roll(roll: Roll, *, by: Actor, at: datetime, as_of: date | None = None) -> RollReport:
    """Do what ``preview_roll`` says, worked out anew under a lock; write nothing if there is a
    problem. Doing it twice changes nothing the second time. Source: formats.md §1."""
    list(Committee.objects.select_for_update().order_by("pk").values_list("pk"))
    report = preview_roll(roll, by=by, today=timezone.localdate(at), as_of=as_of)
    if report.problems or report.is_unchanged:
        return report
    apply_organisations(report.organisations, roll.organisations)
    members = _create_members(report.created)
    _update_members(report.updated)
    members |= {c.staff_no: c.member.pk for c in report.updated if c.member is not None}
    _change_spans(report, members)
    _write_history(report, by=by, at=at)
    record(
        by=by.user,
        at=at,
        verb="import_roll",
        created=len(report.created),
        updated=len(report.updated),
        transferred=len(report.transferred),
        start=report.start.isoformat() if report.start else "",
    )
    return report


def _create_members(changes: Sequence[MemberChange]) -> dict[str, int]:
    """Store new members, each with an account that has no password yet; ids by staff number."""
    last = Member.objects.aggregate(last=Max("roll_order"))["last"] or 0
    users = User.objects.bulk_create(
        [User(username=change.username, password=make_password(None)) for change in changes],
        batch_size=CHUNK,
    )
    created = Member.objects.bulk_create(
        [
            Member(
                staff_no=change.staff_no,
                user=user,
                roll_order=last + number,
                **change.fields,
                **pinyin_of(change.name),
            )
            for number, (change, user) in enumerate(zip(changes, users, strict=True), start=1)
        ],
        batch_size=CHUNK,
    )
    return {member.staff_no: member.pk for member in created}


def _update_members(changes: Iterable[MemberChange]) -> None:
    members: list[Member] = []
    renamed: list[User] = []
    names = {"user"}
    for change in changes:
        member = change.member
        assert member is not None
        fields = dict(change.fields)
        if "name" in fields:
            fields |= pinyin_of(change.name)
        if change.username and member.user is not None:
            member.user.username = change.username
            renamed.append(member.user)
        elif change.username:
            fields["user"] = User.objects.create(
                username=change.username, password=make_password(None)
            )
        for name, value in fields.items():
            setattr(member, name, value)
        if fields:
            names |= fields.keys()
            members.append(member)
    Member.objects.bulk_update(members, sorted(names), batch_size=CHUNK)
    User.objects.bulk_update(renamed, ["username"], batch_size=CHUNK)


def _write_history(report: RollReport, *, by: Actor, at: datetime) -> None:
    """A row of history for each transfer. One statement for every few hundred."""
    assert report.start is not None  # by preview_roll
    RollChange.objects.bulk_create(
        [
            RollChange(
                member=change.member,
                kind=RollChange.Kind.TRANSFER,
                takes_effect_on=report.start,
                text=_("transferred from %(old)s to %(new)s")
                % {"old": change.transfer[0] or "—", "new": change.transfer[1]},
                note=_("from an imported roll"),
                made_by=by.user,
                made_at=at,
            )
            for change in report.transferred
            if change.transfer is not None
        ],
        batch_size=CHUNK,
    )


def _why(what: str, ends_on: date | None) -> dict[str, str]:
    """A roll ends a membership only where it puts the member into another branch."""
    if what != MEMBERSHIP:
        return {}
    return {"end_reason": "" if ends_on is None else Membership.EndReason.TRANSFERRED.value}


def _change_spans(report: RollReport, members: dict[str, int]) -> None:
    """End and delete first, so that nobody holds two memberships or an office twice."""
    branches = dict(Branch.objects.values_list("name", "pk"))
    changes = (*report.created, *report.updated)
    for what, (model, owner) in SPAN_MODELS.items():
        spans = [(c.staff_no, c.spans.get(what, SpanChanges())) for c in changes]
        ends = [end for staff_no, span in spans for end in span.end]
        deleted = [pk for staff_no, span in spans for pk in span.delete]
        if what == POSITION:
            ends += report.ended
            deleted += report.deleted
        for day in {day for pk, day in ends}:
            pks = [pk for pk, ends_on in ends if ends_on == day]
            for chunk in range(0, len(pks), CHUNK):
                model.objects.filter(pk__in=pks[chunk : chunk + CHUNK]).update(
                    ends_on=day, **_why(what, day)
                )
        for chunk in range(0, len(deleted), CHUNK):
            model.objects.filter(pk__in=deleted[chunk : chunk + CHUNK]).delete()
        model.objects.bulk_create(
            [
                model(
                    **{owner: members[staff_no]},
                    branch_id=branches[branch],
                    starts_on=day,
                    **({"kind": kind} if kind else {}),
                )
                for staff_no, span in spans
                for (branch, kind), day in span.create
            ],
            batch_size=CHUNK,
        )
