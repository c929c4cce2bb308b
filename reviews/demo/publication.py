"""Publications out of the ordinary: three months in one notice, one withdrawn and published
again, one extended."""

from datetime import date, timedelta

from lib.months import add_months, quarter_of
from points.models import Policy
from reviews.demo.month import BranchMonth
from reviews.demo.story import CLOSED_ROUNDS
from reviews.models import Publication
from reviews.services import conclusion as concluding
from reviews.services import publication as publications

QUARTERLY, WITHDRAWN, EXTENDED = "levy", "pension", "finance"


def whole_quarter(latest_closed: date) -> list[date]:
    """The latest quarter that went through the product from its first month to its last."""
    last = next(
        month
        for back in range(CLOSED_ROUNDS)
        if (month := add_months(latest_closed, -back)) == quarter_of(month)[-1]
    )
    return quarter_of(last)


def review_and_publish(month: BranchMonth, number: int) -> Publication | None:
    """Review the month on that day and publish it, as the story has it for its branch."""
    latest = month.department.calendar.latest_closed
    if month.plan.key == QUARTERLY and month.month in whole_quarter(latest):
        month.round.publication_period = Policy.Period.QUARTERLY
        month.round.save(update_fields=["publication_period"])
    publication = month.review(number)
    if publication is None or month.month != latest:
        return publication
    if month.plan.key == WITHDRAWN:
        return withdraw_and_publish_again(month, number + 1)
    if month.plan.key == EXTENDED:
        return extend(month, publication, number + 1)
    return publication


def withdraw_and_publish_again(month: BranchMonth, number: int) -> Publication | None:
    """A matter had been forgotten: the publication is withdrawn, the matter registered, the
    branch committee meets again."""
    publications.reopen(
        pk=month.round.pk,
        reason="漏登本月领学情况，撤回后补登并重新评审",
        by=month.secretary(number),
        at=month.at(number, 9),
    )
    month.register("XX-05", [month.roster[-2]], number, number)
    month.meet(number)
    return concluding.conclude(
        pk=month.round.pk, by=month.secretary(number), at=month.at(number, 17)
    )


def extend(month: BranchMonth, publication: Publication, number: int) -> Publication:
    return publications.extend(
        pk=publication.pk,
        until=publication.ends_on + timedelta(days=2),
        reason="部分党员出差在外，延长公示时间",
        by=month.secretary(number),
        at=month.at(number, 10),
    )
