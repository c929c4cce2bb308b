"""Nominations: who, whom, in which year, and what new figures do to them."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext

from lib.steps import Refused
from members.models import Event, Notice
from members.rights import system_actor
from reviews.models import Nomination, YearEnd
from reviews.selectors.awards import branch_awards
from reviews.services import nominations as nominating
from tests.reviews.branch_year import AT, DAY, YEAR, BranchYear

pytestmark = pytest.mark.django_db
EVERYBODY = (
    "first",
    "secretary",
    "deputy",
    "staff",
    "secretary elsewhere",
    "staff elsewhere",
    "system",
)


def nominate(year, name="first", *, by="secretary", award="EXCELLENT", reason="完成任务突出"):
    return nominating.nominate(
        member=year.pk(name), year=YEAR, award=award, reason=reason, by=year.actor(by), at=AT
    )


def withdraw(nomination, year, *, by="secretary", reason="本人申请"):
    return nominating.withdraw(pk=nomination.pk, reason=reason, by=year.actor(by), at=AT)


def may(step) -> bool:
    try:
        step()
    except PermissionDenied:
        return False
    return True


@pytest.mark.parametrize("by", EVERYBODY)
@pytest.mark.parametrize(
    ("has_secretary", "whom", "allowed"),
    [
        (True, "second", {"secretary", "system"}),
        (True, "secretary", {"staff", "system"}),
        (False, "second", {"staff", "system"}),
    ],
    ids=["a member", "the secretary", "no secretary"],
)
def test_who_nominates_whom(by, has_secretary, whom, allowed):
    year = BranchYear(has_secretary=has_secretary)
    assert may(lambda: nominate(year, whom, by=by)) == (by in allowed)
    assert Nomination.objects.exists() == (by in allowed)


@pytest.mark.parametrize("state", ["PROVISIONAL", "COMPUTED", "FROZEN"])
def test_only_final_figures_carry_a_nomination(state):
    year = BranchYear(state=state)
    if state == "PROVISIONAL":
        with pytest.raises(Refused):
            nominate(year)
    else:
        assert nominate(year).withdrawn_at is None


@pytest.mark.parametrize("whom", ["last", "new", "deputy"])
def test_nobody_but_a_candidate(year, whom):
    with pytest.raises(Refused):
        nominate(year, whom)
    assert not Nomination.objects.exists()


def test_twice_is_once_and_each_award_is_its_own(year):
    assert nominate(year) == nominate(year, reason="又一次")
    nominate(year, award="COMMENDATION")
    assert Nomination.objects.count() == 2
    assert Notice.objects.filter(user=year.users["first"]).count() == 2


def test_the_third_reminds_and_stops_nobody(year):
    for name in ("first", "second"):
        nominate(year, name)
    nominate(year, "secretary", by="staff")
    found = branch_awards(year.branch, YEAR, year.actor("secretary"), DAY)
    assert (found.third, found.excellent, found.is_above_third) == (2, 3, True)


def test_withdrawing_gives_a_reason_once_and_opens_the_place_again(year):
    nomination = nominate(year)
    with pytest.raises(Refused):
        withdraw(nomination, year, reason=" ")
    with pytest.raises(PermissionDenied):
        withdraw(nomination, year, by="staff")
    withdraw(nomination, year)
    withdraw(nomination, year, reason="又一次")
    nomination.refresh_from_db()
    assert nomination.withdrawal_reason == "本人申请"
    assert Event.objects.filter(verb="withdraw_nomination").count() == 1
    assert nominate(year).pk != nomination.pk


def test_new_figures_withdraw_who_is_no_candidate_any_more(year):
    gone, stays = nominate(year), nominate(year, "second")
    year.store(candidates=("second",))

    count = nominating.withdraw_those_no_longer_candidates(
        year_end=year.year_end, by=system_actor(), at=AT
    )
    again = nominating.withdraw_those_no_longer_candidates(
        year_end=year.year_end, by=system_actor(), at=AT
    )

    gone.refresh_from_db()
    stays.refresh_from_db()
    assert (count, again, stays.withdrawn_at) == (1, 0, None)
    assert gone.withdrawal_reason
    for name in ("first", "secretary"):
        told = Notice.objects.get(user=year.users[name], key=f"nomination-withdrawn:{gone.pk}")
        assert gone.withdrawal_reason in told.subject
    assert not Notice.objects.filter(user=year.users["second"], key__contains="withdrawn").exists()


def test_a_nomination_meets_figures_that_were_computed_anew_meanwhile(year):
    """The form stood open while the committee computed the year again."""
    year.store(candidates=())
    with pytest.raises(Refused):
        nominate(year)
    YearEnd.objects.update(state="PROVISIONAL")
    year.store(candidates=("first",))
    with pytest.raises(Refused):
        nominate(year)


def test_another_years_end_leaves_nominations_alone(year):
    nomination = nominate(year)
    other = BranchYear()
    other.store(candidates=())
    nominating.withdraw_those_no_longer_candidates(
        year_end=other.year_end, by=system_actor(), at=AT
    )
    nomination.refresh_from_db()
    assert nomination.withdrawn_at is None


# -- pages ---------------------------------------------------------------------------------


def test_the_page_nominates_and_comes_back_with_what_was_typed(year, client):
    client.force_login(year.users["secretary"])
    url = reverse("nominate", args=[YEAR, year.pk("first")])

    refused = client.post(url, {"reason": "牵头完成重点任务"})
    done = client.post(url, {"award": "EXCELLENT", "reason": "牵头完成重点任务"})

    assert refused.status_code == 422
    assert "牵头完成重点任务" in refused.content.decode()
    assert done.url == f"{reverse('year', args=[YEAR])}?branch={year.branch.pk}#awards"
    assert Nomination.objects.get().reason == "牵头完成重点任务"


def test_the_page_says_why_somebody_cannot_be_nominated(year, client):
    client.force_login(year.users["secretary"])
    page = client.get(reverse("nominate", args=[YEAR, year.pk("last")])).content.decode()
    assert gettext("Only a candidate of the year can be nominated.") in page
    assert 'name="award"' not in page


@pytest.mark.parametrize("count", [1, 3])
def test_a_branchs_part_asks_the_same_whatever_it_holds(year, django_assert_num_queries, count):
    for name in ("first", "second", "secretary")[:count]:
        nominate(year, name, by="system")
    actor = year.actor("secretary")
    with django_assert_num_queries(7):
        found = branch_awards(year.branch, YEAR, actor, DAY)
    assert len([row for row in found.candidates if row.nominations]) == count


def test_members_read_what_followed_on_their_own_page_of_the_year(year, client):
    nomination = nominate(year)
    withdraw(nomination, year)
    client.force_login(year.users["first"])
    page = client.get(reverse("year_results", args=[YEAR])).content.decode()
    assert nomination.get_award_display() in page
    assert "本人申请" in page
    client.force_login(year.users["second"])
    page = client.get(reverse("year_results", args=[YEAR])).content.decode()
    assert "本人申请" not in page
