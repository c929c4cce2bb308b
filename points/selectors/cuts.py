"""Why an entry was credited less than was decided, in words that a member understands."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from lib.display import points
from points.scoring import CATEGORY_MONTH, POINTS_MONTH, POINTS_YEAR, TIMES_MONTH, ZEROED, Cut


def explain_cut(cap: str, limit: object, lost: object, category: str = "") -> str:
    """One sentence for one cut: the cap, its limit, and the points that it took."""
    values = {"limit": points(limit), "lost": points(lost), "category": category}
    match cap:
        case c if c == TIMES_MONTH:
            text = _("This item counts at most %(limit)s times a month: %(lost)s points less.")
        case c if c == POINTS_MONTH:
            text = _("This item brings at most %(limit)s points a month: %(lost)s points less.")
        case c if c == POINTS_YEAR:
            text = _("This item brings at most %(limit)s points a year: %(lost)s points less.")
        case c if c == CATEGORY_MONTH:
            text = _(
                "“%(category)s” brings at most %(limit)s plus points a month: %(lost)s points less."
            )
        case c if c == ZEROED:
            text = _("The month is zero as a whole, so this item is not credited.")
        case _other:
            raise ValueError(f"unknown cap: {cap}")
    return text % values


def explain_cuts(cuts: Iterable[Cut | Mapping[str, str]], category: str = "") -> list[str]:
    """The same for all cuts of a line, as the scoring gives or as a result stores them."""
    found = []
    for cut in cuts:
        if isinstance(cut, Cut):
            found.append(explain_cut(cut.cap, cut.limit, cut.lost, category))
        else:
            lost = Decimal(cut["lost"])
            found.append(explain_cut(cut["cap"], Decimal(cut["limit"]), lost, category))
    return found


def explain_room(cap: str, limit: object, left: object) -> str:
    """What is left under one cap for this member, with its limit."""
    values = {"limit": points(limit), "left": points(left)}
    match cap:
        case c if c == TIMES_MONTH:
            text = _("%(left)s of %(limit)s times left this month")
        case c if c == POINTS_MONTH:
            text = _("%(left)s of %(limit)s points left this month")
        case c if c == POINTS_YEAR:
            text = _("%(left)s of %(limit)s points left this year")
        case c if c == CATEGORY_MONTH:
            text = _("%(left)s of %(limit)s plus points left in the category this month")
        case _other:
            raise ValueError(f"unknown cap: {cap}")
    return text % values


def explain_room_briefly(cap: str, left: object) -> str:
    """The same in a few words, for a list of many items."""
    match cap:
        case c if c == TIMES_MONTH:
            text = _("%(left)s times left this month")
        case c if c == POINTS_MONTH:
            text = _("%(left)s points left this month")
        case c if c == POINTS_YEAR:
            text = _("%(left)s points left this year")
        case _other:
            raise ValueError(f"no cap of a single item: {cap}")
    return text % {"left": points(left)}
