"""Reviewing a round: deciding entries, what to look at twice, returning sheets
(domain.md §5.4)."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lib.steps import Overtaken, Refused
from members.notices import Message, record, tell
from members.rights import Actor
from points.doubles import with_same_file, with_same_item
from points.models import (
    Decision,
    Declaration,
    Entry,
    Evidence,
    Remark,
)
from points.rules import may_decide, may_decide_entry
from points.services.decisions import approve_as_claimed
from points.services.decisions import decide as write_decision
from reviews.models import Round
from reviews.services.round import (
    entries_in_review,
    is_filed,
    is_returned,
    lock,
    month_label,
    undecided,
)

RETURNABLE = (Declaration.State.IN_REVIEW, Declaration.State.MISSING)


@transaction.atomic
def decide_entry(
    *,
    pk: int,
    entry_id: int,
    outcome: str,
    points: Decimal | None,
    reason: str,
    seen: int,
    by: Actor,
    at: datetime,
) -> Decision:
    """Decide an entry of a round under review. ``seen`` is the number of the decision that
    the reviewer looked at (0: none); if another reviewer was faster, nothing is changed.

    Adjusting and rejecting need a reason; adjusted points keep the entry's sign and differ
    from the claim. Nobody decides an entry of their own (recusal). Source: domain.md §5.4.

    Raises PermissionDenied (recusal) or Refused (with what to do).
    """
    round_, seat = lock(pk=pk, step="decide", by=by, at=at)
    entry = _entry_of(round_, entry_id)
    if not may_decide_entry(by, entry, committee=seat.bench.members):
        raise PermissionDenied
    current = entry.decisions.filter(is_current=True).select_related("decided_by__member").first()
    if current is not None and current.number != seen:
        raise Overtaken(
            _("%(name)s has decided this entry meanwhile: %(decision)s. Look at it again.")
            % {
                "name": current.decided_by.display_name,
                "decision": current.get_outcome_display(),
            },
            number=current.number,
        )
    points = checked_points(entry, outcome, points, reason)
    return write_decision(entry=entry, outcome=outcome, points=points, reason=reason, by=by, at=at)


def _entry_of(round_: Round, entry_id: int) -> Entry:
    entry = (
        Entry.objects.standing()
        .filter(pk=entry_id, branch=round_.branch_id, month=round_.month)
        .select_related("criterion", "member", "declaration")
        .first()
    )
    if entry is None or not is_filed(entry):
        raise Refused(_("This entry is no longer part of the review: it was withdrawn."))
    if is_returned(entry):
        raise Refused(_("This sheet was returned for correction: decide when it is back."))
    return entry


def checked_points(
    entry: Entry, outcome: str, points: Decimal | None, reason: str
) -> Decimal | None:
    """The points that a decision gives; raises Refused if it is incomplete."""
    if outcome not in (
        Decision.Outcome.APPROVED,
        Decision.Outcome.ADJUSTED,
        Decision.Outcome.REJECTED,
    ):
        raise Refused(_("Choose approve, adjust or reject."))
    if outcome != Decision.Outcome.APPROVED and not reason.strip():
        raise Refused(_("Give a reason: the member will read it."))
    if outcome == Decision.Outcome.REJECTED:
        return None
    if outcome == Decision.Outcome.APPROVED:
        return entry.claimed_points
    if points is None:
        raise Refused(_("Enter the adjusted points."))
    if points == entry.claimed_points:
        raise Refused(_("These are the claimed points: approve the entry instead."))
    if points * entry.claimed_points < 0 or not entry.claimed_points:
        raise Refused(_("Adjusted points keep the sign of the item: a bonus stays a bonus."))
    return points


@transaction.atomic
def approve_all_in_order(*, pk: int, by: Actor, at: datetime) -> int:
    """Approve, as claimed, every undecided entry that this person may decide and that has
    no warning (see ``warnings_of``); return how many."""
    round_, seat = lock(pk=pk, step="decide", by=by, at=at)
    waiting = [
        entry
        for entry in undecided(round_)
        if may_decide_entry(by, entry, committee=seat.bench.members) and not is_returned(entry)
    ]
    warned = warnings_of(round_)
    entries = [entry for entry in waiting if entry.pk not in warned]
    if entries:
        approve_as_claimed(entries=entries, by=by, at=at)
        record(
            by=by.user,
            at=at,
            verb="approve_all",
            target=round_,
            branch=round_.branch_id,
            count=len(entries),
        )
    return len(entries)


def must_confirm() -> str:
    """What is said of a proposal of the system (系统建议): it is never approved with others."""
    return _("Proposed by the system: a person must confirm it, or reject it with a reason.")


def warnings_of(round_: Round) -> Mapping[int, list[str]]:
    """What reviewers should look at twice, by entry: 就高不重复 (the same criterion and date,
    or the same evidence file, as another entry of that member), missing evidence, and what
    the system merely proposes. Flagged, never dropped (domain.md §4). Two queries."""
    entries = {entry.pk: entry for entry in entries_in_review(round_)}
    files = list(
        Evidence.objects.filter(
            entry__in=Entry.objects.standing().filter(
                member__in={entry.member_id for entry in entries.values()}
            )
        ).values_list("entry", "entry__member", "sha256")
    )
    with_file = {entry for entry, member, digest in files}
    same_item, same_file = with_same_item(entries.values()), with_same_file(files)
    found: dict[int, list[str]] = defaultdict(list)
    for pk, entry in entries.items():
        if entry.source == Entry.Source.PROPOSED:
            found[pk].append(must_confirm())
        if pk in same_item:
            found[pk].append(_("Same item and date as another entry: the same matter counts once."))
        if pk in same_file:
            found[pk].append(_("Same evidence file as another entry: the same matter counts once."))
        declared = entry.source == Entry.Source.DECLARED
        if declared and entry.criterion.needs_evidence and pk not in with_file:
            found[pk].append(_("No evidence is attached."))
    return found


@transaction.atomic
def return_sheet(
    *,
    pk: int,
    declaration_id: int,
    reason: str,
    by: Actor,
    at: datetime,
    remarks: Mapping[int, str] | None = None,
) -> Declaration:
    """Return a declaration for correction, with what is to be corrected: of the whole sheet
    (``reason``), of single entries (``remarks`` by entry), or both (domain.md §5.4). Nobody
    returns their own.

    Raises PermissionDenied (recusal) or Refused: nothing said, the sheet not in the review,
    or a remark on what does not stand on the sheet.
    """
    round_, seat = lock(pk=pk, step="return_sheet", by=by, at=at)
    sheet = Declaration.objects.select_for_update(of=("self",)).get(
        pk=declaration_id, branch=round_.branch_id, month=round_.month
    )
    if not may_decide(
        by, member_id=sheet.member_id, branch_id=round_.branch_id, committee=seat.bench.members
    ):
        raise PermissionDenied
    if sheet.state not in RETURNABLE:
        raise Refused(_("This sheet cannot be returned: it is not in the review."))
    reason = reason.strip()
    said = {entry: text.strip() for entry, text in (remarks or {}).items() if text.strip()}
    if not reason and not said:
        raise Refused(_("Say what is to be corrected: the member will read it."))
    _remark(sheet, said, by=by, at=at)
    sheet.state = Declaration.State.RETURNED
    sheet.return_reason = reason
    sheet.revision += 1
    sheet.save(update_fields=["state", "return_reason", "revision"])
    record(
        by=by.user,
        at=at,
        verb="return_sheet",
        target=sheet,
        branch=round_.branch_id,
        member=sheet.member_id,
        reason=reason,
        remarks=len(said),
    )
    tell(
        [
            Message(
                sheet.member_id,
                f"returned:{sheet.pk}:{sheet.revision}",
                _("Your declaration for %(month)s was returned: %(reason)s")
                % {
                    "month": month_label(round_.month),
                    "reason": what_to_correct(reason, len(said)),
                },
                sheet.get_absolute_url(),
            )
        ],
        at=at,
    )
    return sheet


def _remark(sheet: Declaration, said: Mapping[int, str], *, by: Actor, at: datetime) -> None:
    """Write down what was said of each entry; all of them stand on this sheet."""
    entries = sheet.entries.standing().filter(pk__in=said, source=Entry.Source.DECLARED)
    if len(entries) < len(said):
        raise Refused(
            _("An item that you remarked on is no longer on the sheet. Look at it again.")
        )
    Remark.objects.bulk_create(
        [
            Remark(entry_id=entry, text=text, made_by=by.user, made_at=at)
            for entry, text in said.items()
        ]
    )


def what_to_correct(reason: str, remarked: int) -> str:
    """In one line, what is to be corrected on a sheet: the general reason, and how many of
    its items have a remark of their own."""
    parts = [reason] if reason else []
    if remarked:
        text = ngettext("%(count)s item has a remark", "%(count)s items have a remark", remarked)
        parts.append(text % {"count": remarked})
    return "；".join(parts)
