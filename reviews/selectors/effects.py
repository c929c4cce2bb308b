"""What a correction will change, in words: shown before it is confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from points.models import MonthlyResult
from reviews.models import FollowUp
from reviews.services.corrections import Effect, FollowUpChange, StreakChange
from reviews.services.round import month_label


@dataclass(frozen=True, slots=True)
class MonthEffect:
    """What a correction changes in one month of the member."""

    new: MonthlyResult
    old: MonthlyResult | None

    @property
    def change(self) -> Decimal | None:
        if self.old is None or self.new.score is None or self.old.score is None:
            return None
        return self.new.score - self.old.score


@dataclass(frozen=True, slots=True)
class FollowUpEffect:
    """What becomes of one follow-up: in words, and whether it eases or burdens."""

    text: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """An effect as its preview shows it. ``digest`` goes back with the confirmation."""

    months: Sequence[MonthEffect]
    streaks: Sequence[StreakChange]
    follow_ups: Sequence[FollowUpEffect]
    digest: str


def shown(effect: Effect) -> ShownEffect:
    return ShownEffect(
        months=[MonthEffect(new=item.new, old=item.old) for item in effect.revised],
        streaks=effect.streaks,
        follow_ups=[in_words(change) for change in effect.follow_ups],
        digest=effect.digest,
    )


def in_words(change: FollowUpChange) -> FollowUpEffect:
    """“The talk of March with Zhang San will be withdrawn.”"""
    row, state = change.follow_up, FollowUp.State
    named = _named(row)
    if change.becomes == state.WITHDRAWN:
        return FollowUpEffect(_("Will be withdrawn: %(what)s") % named, "ok", "circle-slash")
    if not change.was:
        return FollowUpEffect(_("Will be opened: %(what)s") % named, "warn", "circle-plus")
    if change.was == state.WITHDRAWN:
        return FollowUpEffect(_("Will be opened again: %(what)s") % named, "warn", "circle-plus")
    if change.is_flagged:
        text = _("Carried out already, will be marked “basis changed”: %(what)s")
        return FollowUpEffect(text % named, "info", "flag")
    text = _("The mark “basis changed” will be taken off: %(what)s")
    return FollowUpEffect(text % named, "info", "flag")


def _named(row: FollowUp) -> dict[str, Any]:
    about: dict[str, Any] = {"kind": row.get_kind_display(), "branch": row.branch.name}
    if row.is_explanation:
        about |= {"name": row.holder.name if row.holder else row.branch.name, "year": row.year}
        return {"what": _("%(kind)s of %(year)s, %(name)s (%(branch)s)") % about}
    assert row.member is not None  # by constraint follow_up_kind
    assert row.trigger_month is not None
    about |= {"name": row.member.name, "month": month_label(row.trigger_month)}
    return {"what": _("%(kind)s for %(month)s, %(name)s") % about}
