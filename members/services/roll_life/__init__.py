"""The life of a member on the roll: each change dated, none rewriting the past.

One function per change. Each locks the member, checks the right and the day, writes spans
(ending what stands, never changing what was), a row of the member's history (RollChange) and
an event, tells whom it concerns, and returns what it did, line by line; ``preview`` shows the
same lines beforehand. Which days are possible stands in ``members/roll_days.py``.
"""

from members.services.roll_life.change import Outcome, Paper, preview
from members.services.roll_life.membership import (
    END_REASONS,
    NEEDS_DOCUMENT,
    Newcomer,
    add_member,
    end_membership,
    return_to_roll,
    transfer,
)
from members.services.roll_life.office import change_position, set_duty
from members.services.roll_life.standing import become_full_member, retire

__all__ = [
    "END_REASONS",
    "NEEDS_DOCUMENT",
    "Newcomer",
    "Outcome",
    "Paper",
    "add_member",
    "become_full_member",
    "change_position",
    "end_membership",
    "preview",
    "retire",
    "return_to_roll",
    "set_duty",
    "transfer",
]
