"""A member's own fields put right by hand, with what stood there before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.models import Member
from members.notices import record
from members.pinyin import pinyin_of
from members.rights import Actor
from members.services.roll_life.change import check_may, latest_membership, lock_member


@transaction.atomic
def correct_particulars(
    *, member_id: int, fields: Mapping[str, Any], by: Actor, at: datetime
) -> list[str]:
    """Store what differs, spell a new name, and record each field's old and new value. Returns
    the names of the fields that changed.

    Raises PermissionDenied, or Refused where the staff number is somebody else's.
    """
    member = lock_member(member_id)
    held = latest_membership(member)
    branch = held.branch_id if held else None
    check_may(by, branch)
    changed = {name: value for name, value in fields.items() if getattr(member, name) != value}
    number = changed.get("staff_no")
    if number and Member.objects.filter(staff_no=number).exclude(pk=member.pk).exists():
        raise Refused(_("This staff number belongs to somebody else."))
    if not changed:
        return []
    details = {
        name: [str(getattr(member, name) or ""), str(value or "")]
        for name, value in changed.items()
    }
    stored = changed | (pinyin_of(changed["name"]) if "name" in changed else {})
    for name, value in stored.items():
        setattr(member, name, value)
    member.save(update_fields=list(stored))
    record(
        by=by.user,
        at=at,
        verb="correct_particulars",
        target=member,
        branch=branch,
        member=member,
        **details,
    )
    return list(changed)
