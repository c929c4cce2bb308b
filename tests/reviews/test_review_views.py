"""The review grid in the browser: with htmx one line is replaced, without it the page is."""

from copy import deepcopy
from decimal import Decimal

import pytest
from django.urls import reverse

from points.models import Decision, Entry
from tests.factories import MemberFactory
from tests.reviews.branch_month import BranchMonth

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(scope="module")
def reviewed(kept_rows) -> BranchMonth:
    return BranchMonth().to("REVIEWING")


@pytest.fixture
def month(reviewed) -> BranchMonth:
    return deepcopy(reviewed)


@pytest.fixture
def secretary(client, month):
    client.force_login(month.users["secretary"])
    return client


def grid(month, show="all"):
    return f"{reverse('review', args=[month.round.pk])}?show={show}"


def address(month, entry):
    return reverse("decide_entry", args=[month.round.pk, entry.pk])


def test_grid_shows_everybody_in_the_roll_order(secretary, month):
    sheets = secretary.get(grid(month)).context["sheets"]

    assert [sheet.member for sheet, _lines in sheets] == [
        month.people[name] for name in ("secretary", "deputy", "organiser", "member", "other")
    ]


def test_a_large_branch_is_reviewed_page_by_page(secretary, month):
    for _each in range(20):
        MemberFactory(branch=month.branch)
    month.register("other")
    address = reverse("review", args=[month.round.pk])

    first = secretary.get(grid(month))
    last = secretary.get(f"{grid(month)}&page=2")
    there = secretary.get(f"{grid(month)}&member={first.context['sheets'][-1][0].member.pk}")

    assert [len(page.context["page"]) for page in (first, last, there)] == [20, 5, 5]
    assert len(first.context["roster"]) == 25
    assert first.context["roster"][0][1].startswith("#member-")
    assert first.context["roster"][-1][1].startswith("?show=all&page=2#member-")
    # Only those with something to look at are counted where the view shows no others.
    assert len(secretary.get(f"{address}?show=open").context["page"]) == 1


def test_twins_are_to_be_looked_at_even_when_registering_approved_them(secretary, month):
    for _time in range(2):
        month.register("other")
    page = secretary.get(grid(month, "warned"))

    assert page.context["grid"].warned == 2
    assert [len(lines) for _sheet, lines in page.context["sheets"]] == [0, 0, 0, 0, 2]


def test_approving_replaces_the_line_and_the_counts(secretary, month):
    entry = month.entry("member")
    response = secretary.post(address(month, entry), {"outcome": "APPROVED", "seen": "0"}, **HTMX)

    body = response.content.decode()
    assert Decision.objects.get().decided_by == month.users["secretary"]
    assert f'id="entry-{entry.pk}"' in body
    assert body.count("hx-swap-oob") == 3


def test_without_javascript_the_grid_is_shown_again(secretary, month):
    entry = month.entry("member")
    response = secretary.post(address(month, entry), {"outcome": "APPROVED", "seen": "0"})

    assert response.url == f"{grid(month)}&member={month.member.pk}#entry-{entry.pk}"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_adjusting_without_a_reason_keeps_what_was_typed(secretary, month, headers):
    data = {"outcome": "ADJUSTED", "points": "1.5", "reason": "", "seen": "0"}
    response = secretary.post(address(month, month.entry("member")), data, **headers)

    assert response.status_code == 409
    assert 'value="1.5"' in response.content.decode()
    assert not Decision.objects.exists()


def test_adjusting_with_a_reason(secretary, month):
    data = {"outcome": "ADJUSTED", "points": "1.5", "reason": "只参加半天", "seen": "0"}
    secretary.post(address(month, month.entry("member")), data, **HTMX)

    assert Decision.objects.get().points == Decimal("1.50")


@pytest.mark.parametrize("points", ["一点五", "1.555", "99999999"])
def test_points_that_are_no_points_are_shown_again(secretary, month, points):
    data = {"outcome": "ADJUSTED", "points": points, "reason": "调整", "seen": "0"}
    response = secretary.post(address(month, month.entry("member")), data, **HTMX)

    assert response.status_code == 422
    assert "points" in response.context["form"].errors


def test_loser_of_a_race_sees_who_decided_and_can_decide_anew(secretary, month):
    entry = month.entry("member")
    month.decide(entry, by="deputy")
    data = {"outcome": "REJECTED", "points": "", "reason": "材料不符", "seen": "0"}
    response = secretary.post(address(month, entry), data, **HTMX)

    body = response.content.decode()
    assert response.status_code == 409
    assert month.deputy.name in body
    assert "材料不符" in body
    data["seen"] = response.context["form"]["seen"].value()
    assert secretary.post(address(month, entry), data, **HTMX).status_code == 200
    assert Decision.objects.get(is_current=True).outcome == "REJECTED"


def test_a_decision_that_is_not_complete_stays_as_stale_as_it_was(secretary, month):
    entry = month.entry("member")
    month.decide(entry, by="deputy")
    data = {"outcome": "ADJUSTED", "points": "一点五", "reason": "材料不符", "seen": "0"}

    response = secretary.post(address(month, entry), data, **HTMX)

    assert response.status_code == 422
    assert response.context["form"]["seen"].value() == "0"


@pytest.mark.parametrize("name", ["member", "secretary"])
def test_own_entry_is_refused(client, name):
    month = BranchMonth()
    month.file(name, month.line())
    month.start()
    client.force_login(month.users[name])
    entry = month.entry(name)

    assert client.get(address(month, entry)).status_code == 403
    response = client.post(address(month, entry), {"outcome": "APPROVED", "seen": "0"})
    assert response.status_code == 403
    assert not Decision.objects.exists()


def test_own_lines_are_locked_with_the_reason(client):
    month = BranchMonth()
    month.file("secretary", month.line())
    month.start()
    client.force_login(month.users["secretary"])
    (line,) = client.get(grid(month)).context["grid"].sheets[0].lines

    assert line.locked
    assert address(month, line.entry) not in client.get(grid(month)).content.decode()


def test_staff_only_read_where_there_is_a_branch_committee(client, month):
    client.force_login(month.users["staff"])
    page = client.get(grid(month))

    assert all(line.locked for sheet in page.context["grid"].sheets for line in sheet.lines)
    assert client.post(reverse("approve_all", args=[month.round.pk])).status_code == 302
    assert not Decision.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_entry_withdrawn_meanwhile_is_told(secretary, month, headers):
    registration = month.register("other")
    entry = month.entry("other")
    month.undo(registration)
    response = secretary.post(
        address(month, entry), {"outcome": "APPROVED", "seen": "1"}, **headers
    )

    assert response.status_code == (409 if headers else 302)


def test_entry_of_another_round_does_not_exist(secretary, month):
    elsewhere = BranchMonth().to("REVIEWING")

    assert secretary.get(address(month, elsewhere.entry("member"))).status_code == 404


def test_approving_all_that_is_in_order(secretary, month):
    response = secretary.post(reverse("approve_all", args=[month.round.pk]), follow=True)

    assert Decision.objects.count() == 1
    assert [m.level_tag for m in response.context["messages"]] == ["success"]


def test_returning_a_sheet(secretary, month):
    sheet = month.sheet("member")
    target = reverse("return_sheet", args=[month.round.pk, sheet.pk])
    secretary.post(target, {"reason": " "})
    assert month.sheet("member").state == "IN_REVIEW"
    secretary.post(target, {"reason": "请补充时间"})

    assert (month.sheet("member").state, month.sheet("member").return_reason) == (
        "RETURNED",
        "请补充时间",
    )


def test_returning_a_sheet_of_another_branch_does_not_exist(secretary, month):
    sheet = BranchMonth().to("REVIEWING").sheet("member")
    target = reverse("return_sheet", args=[month.round.pk, sheet.pk])

    assert secretary.post(target, {"reason": "请补充"}).status_code == 404


def test_form_opens_and_closes_in_place(secretary, month):
    entry = month.entry("member")
    opened = secretary.get(f"{address(month, entry)}?outcome=REJECTED", **HTMX)
    closed = secretary.get(f"{address(month, entry)}?cancel", **HTMX)

    assert opened.context["form"].initial["outcome"] == "REJECTED"
    assert "<form" in opened.content.decode()
    assert f'id="entry-{entry.pk}"' in closed.content.decode()
    assert secretary.get(address(month, entry)).status_code == 200


def test_grid_of_a_concluded_round_leads_to_the_round(secretary, month):
    month.decide(month.entry("member"), by="secretary")
    month.meet()
    month.conclude()

    assert secretary.get(grid(month)).url == month.round.get_absolute_url()


def test_grid_costs_the_same_for_few_and_many(secretary, month, django_assert_num_queries):
    for _time in range(2):
        with django_assert_num_queries(18):
            secretary.get(grid(month))
        month.register("member", "other", "deputy", "organiser")
        month.register("member", "other", "secretary", by="deputy")
    assert Entry.objects.count() == 15
