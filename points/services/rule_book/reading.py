"""已阅知: who has read a version. Nobody is forced to, and nothing is scored (domain.md §10)."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.notices import record
from members.rights import Actor
from points.models import RuleBook, RuleBookReading


@transaction.atomic
def mark_as_read(*, book: RuleBook, by: Actor, at: datetime) -> RuleBookReading:
    """Note that a member of the branch has read this version. Twice is once.

    Raises PermissionDenied for anybody else, Refused for a version that does not count.
    """
    if by.member_id is None or by.branch_id != book.branch_id:
        raise PermissionDenied
    if book.state != RuleBook.State.APPROVED:
        raise Refused(_("This version is not in force any more. Read the one that is."))
    reading, is_new = RuleBookReading.objects.get_or_create(
        rule_book=book, member_id=by.member_id, defaults={"read_at": at}
    )
    if is_new:
        record(
            by=by.user,
            at=at,
            verb="read_rule_book",
            target=book,
            branch=book.branch_id,
            member=by.member_id,
        )
    return reading
