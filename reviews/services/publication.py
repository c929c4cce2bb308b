"""While a month is published: confirm (domain.md §5.6)."""

from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.notices import record
from members.rights import Actor
from points.models import MonthlyResult
from reviews.models import Objection, Publication, Round, Verification


def is_running(publication: Publication, day: date) -> bool:
    """Whether members can still verify: the round is published, and the last day of the
    publication has not passed."""
    return (
        publication.round.state == Round.State.PUBLISHED
        and publication.starts_on <= day <= publication.ends_on
    )


def lock_running(*, pk: int, at: datetime) -> Publication:
    """Lock the round of a publication in which members can still verify; else Refused."""
    publication = Publication.objects.select_related(
        "round__branch__committee", "round__rule_book"
    ).get(pk=pk)
    round_ = Round.objects.select_for_update().get(pk=publication.round_id)
    publication.round.state = round_.state
    if not is_running(publication, timezone.localdate(at)):
        raise Refused(_("The publication has ended: the result can no longer be answered here."))
    return publication


def own_result(publication: Publication, by: Actor) -> MonthlyResult:
    """The current result of the person who acts; PermissionDenied if there is none."""
    result = (
        MonthlyResult.objects.current()
        .filter(
            member=by.member_id,
            branch=publication.round.branch_id,
            month=publication.round.month,
        )
        .first()
    )
    if by.member_id is None or result is None:
        raise PermissionDenied
    return result


@transaction.atomic
def confirm(*, pk: int, by: Actor, at: datetime) -> Verification:
    """Confirm one's own result. Confirming twice changes nothing; while an objection of
    one's own waits for its answer, there is nothing to confirm yet."""
    publication = lock_running(pk=pk, at=at)
    result = own_result(publication, by)
    if publication.objections.filter(member=result.member_id, state=Objection.State.OPEN).exists():
        raise Refused(_("Your objection has not been answered yet."))
    verification, _created = Verification.objects.update_or_create(
        publication=publication,
        member_id=result.member_id,
        defaults={"answer": Verification.Answer.CONFIRMED, "answered_at": at},
    )
    record(
        by=by.user,
        at=at,
        verb="confirm_result",
        target=publication,
        branch=publication.round.branch_id,
        member=result.member_id,
    )
    return verification
