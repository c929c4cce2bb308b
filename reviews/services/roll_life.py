"""The roll's changes with what only this floor knows: which months are opened or concluded.

The changes themselves stand in ``members/services/roll_life``; each function here takes what
a form said and finds the months up to which the roll is settled, within the transaction.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from members.models import Member
from members.rights import Actor
from members.services import accounts, roll_life
from members.services.roll_life import Newcomer, Outcome, Paper
from members.services.roll_life.change import latest_membership
from reviews.selectors.roll_days import concluded_until, opened_until, results_until
from reviews.services.holders import person_of, unfinished_of

Said = Mapping[str, Any]
Run = Callable[..., Outcome]


@transaction.atomic
def run(*, what: str, member: Member, said: Said, by: Actor, at: datetime) -> Outcome:
    """Make the change that ``what`` names (a key of ``ROLL_STEPS``) as the form says. Raises
    what the change raises."""
    return RUNS[what](member=member, said=said, by=by, at=at)


def _paper(said: Said) -> Paper:
    return Paper(said.get("document_no", ""), said.get("note", ""))


def _branches(member: Member, *more: Any) -> list[int]:
    """The member's branch, and those a change names."""
    held = latest_membership(member)
    own = [held.branch_id] if held else []
    return [*own, *(branch.pk for branch in more if branch is not None)]


def _transfer(*, member: Member, said: Said, by: Actor, at: datetime) -> Outcome:
    return roll_life.transfer(
        member_id=member.pk,
        branch=said["branch"],
        on=said["on"],
        opened_until=opened_until(*_branches(member, said["branch"])),
        paper=_paper(said),
        by=by,
        at=at,
    )


def _position(*, member: Member, said: Said, by: Actor, at: datetime) -> Outcome:
    return roll_life.change_position(
        member_id=member.pk,
        kinds=said["kinds"],
        on=said["on"],
        replaces=said["replaces"],
        concluded_until=concluded_until(*_branches(member)),
        paper=_paper(said),
        by=by,
        at=at,
    )


def _duty(*, member: Member, said: Said, by: Actor, at: datetime) -> Outcome:
    return roll_life.set_duty(
        leader_id=member.pk,
        branch=said["branch"],
        kind="" if said["kind"] == "NONE" else said["kind"],
        on=said["on"],
        marks_leading_cadre=said.get("marks_leading_cadre", False),
        concluded_until=concluded_until(said["branch"].pk),
        paper=_paper(said),
        by=by,
        at=at,
    )


def _full_member(*, member: Member, said: Said, by: Actor, at: datetime) -> Outcome:
    return roll_life.become_full_member(
        member_id=member.pk, on=said["on"], paper=_paper(said), by=by, at=at
    )


def _retirement(*, member: Member, said: Said, by: Actor, at: datetime) -> Outcome:
    return roll_life.retire(
        member_id=member.pk,
        on=said["on"],
        branch=said["branch"],
        ends_positions=said.get("ends_positions", False),
        opened_until=opened_until(*_branches(member, said["branch"])),
        concluded_until=concluded_until(*_branches(member)),
        paper=_paper(said),
        by=by,
        at=at,
    )


def _end(*, member: Member, said: Said, by: Actor, at: datetime) -> Outcome:
    ended = roll_life.end_membership(
        member_id=member.pk,
        on=said["on"],
        reason=said["reason"],
        opened_until=opened_until(*_branches(member)),
        concluded_until=results_until(member.pk),
        paper=_paper(said),
        by=by,
        at=at,
    )
    return replace(ended, lines=(*ended.lines, *_left_behind(member)))


def _left_behind(member: Member) -> Iterator[str]:
    """The follow-ups that stay unfinished: nothing ends by itself. One query."""
    about = _("Not finished: %(what)s. It stays until you end it; nobody is reminded any more.")
    theirs = _("Not finished: %(what)s. Name somebody else who holds it.")
    for row in unfinished_of(member):
        yield (about if person_of(row) == member.pk else theirs) % {"what": row}


def _return(*, member: Member, said: Said, by: Actor, at: datetime) -> Outcome:
    return roll_life.return_to_roll(
        member_id=member.pk,
        branch=said["branch"],
        on=said["on"],
        opened_until=opened_until(said["branch"].pk),
        paper=_paper(said),
        by=by,
        at=at,
    )


def _close_account(*, member: Member, said: Said, by: Actor, at: datetime) -> Outcome:
    return accounts.deactivate_account(member_id=member.pk, reason=said["reason"], by=by, at=at)


def _open_account(*, member: Member, said: Said, by: Actor, at: datetime) -> Outcome:
    return accounts.reactivate_account(member_id=member.pk, reason=said["reason"], by=by, at=at)


RUNS: dict[str, Run] = {
    "transfer": _transfer,
    "position": _position,
    "duty": _duty,
    "full-member": _full_member,
    "retirement": _retirement,
    "end": _end,
    "return": _return,
    "close-account": _close_account,
    "open-account": _open_account,
}


@transaction.atomic
def add_member(*, said: Said, by: Actor, at: datetime) -> Member:
    """Put somebody new on the roll, as the form says."""
    own = {"branch", "on", "username", "document_no"}
    return roll_life.add_member(
        newcomer=Newcomer(
            {name: value for name, value in said.items() if name not in own}, said["username"]
        ),
        branch=said["branch"],
        on=said["on"],
        opened_until=opened_until(said["branch"].pk),
        paper=Paper(said["document_no"]),
        by=by,
        at=at,
    )
