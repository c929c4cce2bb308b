"""What somebody has to do now, worked out from the state of things and never stored
(domain.md §1, §9). Each function asks a fixed number of queries, whatever it finds."""

from datetime import date

from members.rights import Actor
from reviews.selectors.to_dos.committee import (
    exemptions_to_approve,
    first_steps,
    inspections,
    missing_secretaries,
)
from reviews.selectors.to_dos.desk import Desk
from reviews.selectors.to_dos.explanations import explanations
from reviews.selectors.to_dos.follow_ups import follow_ups, to_end
from reviews.selectors.to_dos.members import sheets, verifications
from reviews.selectors.to_dos.objections import answers, appeals
from reviews.selectors.to_dos.opinions import baseless_opinions, opinions
from reviews.selectors.to_dos.reviews import late_rounds, reviews
from reviews.selectors.to_dos.rule_books import missing_rule_books, rule_books_in_hand
from reviews.selectors.to_dos.sittings import sittings
from reviews.selectors.to_dos.to_do import ToDo
from reviews.selectors.to_dos.years import year_confirmations

__all__ = ["ToDo", "exemptions_to_approve", "to_dos_of"]


def to_dos_of(actor: Actor, *, today: date) -> list[ToDo]:
    """Everything this person has to do, the most pressing first; what has no day comes last."""
    found: list[ToDo] = []
    if actor.member_id is not None:
        found += sheets(actor)
        found += verifications(actor, today=today)
        found += opinions(actor)
    found += follow_ups(actor, today=today)
    found += sittings(actor, today=today)
    found += explanations(actor, today=today)
    if actor.positions or actor.is_staff:
        desk = Desk.of(actor, today=today)
        found += reviews(desk)
        found += answers(desk)
        found += missing_rule_books(desk)
        found += rule_books_in_hand(desk)
        found += missing_secretaries(desk)
        found += year_confirmations(desk)
        found += baseless_opinions(actor)
    if actor.is_staff:
        found += to_end(actor, today=today)
        found += appeals(actor, today=today)
        found += late_rounds(actor, today=today)
        found += inspections(actor)
        found += exemptions_to_approve(actor)
    if actor.is_administrator:
        found += first_steps()
    return sorted(found, key=lambda one: (one.due_on is None, one.due_on or today))
