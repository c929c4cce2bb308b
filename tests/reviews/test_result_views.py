"""One's own results: nothing before the publication, everything with its reason after it."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from lib.months import add_months, month_of
from members.models import Exemption
from points.models import Criterion, MonthlyResult
from points.services.results import compute_results
from reviews.models import AnnualResult, Objection, Publication, Verification, YearEnd
from reviews.services.corrections import Change
from tests.factories import LONG_AGO
from tests.reviews.branch_month import OCTOBER, BranchMonth, at

pytestmark = pytest.mark.django_db

RESULT = reverse("result", args=[2026, 10])


def now():
    return timezone.now()


@pytest.fixture
def branch(month) -> BranchMonth:
    return month


@pytest.fixture
def member(branch, client):
    client.force_login(branch.users["member"])
    return client


def run_on(branch) -> Publication:
    """Let the publication run today, whatever day the tests run on."""
    today = timezone.localdate()
    publication = branch.round.publication
    publication.starts_on, publication.ends_on = today, today + timedelta(days=3)
    publication.save(update_fields=["starts_on", "ends_on"])
    return publication


def url(branch, name) -> str:
    return reverse(name, args=[Publication.objects.get().pk])


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.mark.parametrize("state", ["OPEN", "REVIEWING"])
def test_nothing_of_a_result_is_shown_before_it_is_published(branch, member, state):
    branch.to(state)
    compute_results(branch=branch.branch, rule_book=branch.book, month=OCTOBER, at=at(10, 28))

    response = member.get(RESULT)

    assert response.templates[0].name == "reviews/result_awaited.html"
    assert "page" not in response.context
    assert member.get(reverse("year_results", args=[2026])).context["year"].assessed == 0


@pytest.mark.parametrize("state", ["PUBLISHED", "CLOSED"])
def test_a_published_result_is_shown_line_by_line(branch, member, state):
    branch.to(state)

    page = member.get(RESULT).context["page"]

    assert (page.result.score, page.clamp) == (Decimal("82.00"), "")
    assert [(item.entry.criterion, item.credited) for item in page.items] == [
        (branch.study, Decimal("2.00"))
    ]
    assert page.items[0].decision.decided_by.display_name


def test_rejected_cut_and_adjusted_items_say_why(branch, member):
    branch.study.max_points_month = Decimal("1.50")
    branch.study.save()
    branch.file("member", branch.line(day=1), branch.line(day=2), branch.line(day=3))
    branch.start()
    first, second, third = branch.member.entries.order_by("pk")
    branch.decide(first, "ADJUSTED", by="secretary", points=Decimal("1.00"), reason="只讲了一半")
    branch.decide(second, "REJECTED", by="secretary", reason="与本支部无关")
    branch.decide(third, by="secretary")
    branch.meet()
    branch.conclude()

    response = member.get(RESULT)

    page = response.context["page"]
    assert [item.credited for item in page.items] == [Decimal("1.00"), Decimal("0.50")]
    assert [item.entry for item in page.rejected] == [second]
    assert "只讲了一半" in text(response)
    assert "与本支部无关" in text(response)
    assert page.items[1].cuts[0] in text(response)


@pytest.mark.parametrize("count", [1, 3])
def test_a_result_takes_the_same_queries_for_1_and_3_items(
    branch, member, count, django_assert_num_queries
):
    branch.file("member", *[branch.line(day=day) for day in range(1, count + 1)])
    branch.publish()
    with django_assert_num_queries(RESULT_QUERIES):
        assert len(member.get(RESULT).context["page"].items) == count


RESULT_QUERIES = 17


def test_a_month_that_never_was_mine_is_not_found(branch, member):
    assert member.get(reverse("result", args=[2026, 9])).status_code == 404
    assert member.get(reverse("result", args=[2026, 13])).status_code == 404


def test_an_account_without_a_member_has_no_results(branch, client):
    client.force_login(branch.users["staff"])

    for address in (RESULT, reverse("my_year"), reverse("year_results", args=[2026])):
        assert client.get(address).status_code == 403


def test_a_result_is_confirmed_once(branch, member):
    branch.to("PUBLISHED")
    run_on(branch)
    assert member.get(RESULT).context["page"].can_confirm

    for _click in range(2):
        member.post(url(branch, "confirm_result"))

    assert Verification.objects.get().answer == Verification.Answer.CONFIRMED
    assert not member.get(RESULT).context["page"].can_confirm


def test_a_result_is_not_confirmed_after_the_publication(branch, member):
    branch.to("CLOSED")

    response = member.post(url(branch, "confirm_result"), follow=True)

    assert [message.level_tag for message in response.context["messages"]] == ["error"]
    assert not Verification.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("secretary elsewhere", 404), ("staff", 403)])
@pytest.mark.parametrize("name", ["confirm_result", "object_to_result"])
def test_others_answer_for_nobody(branch, client, who, status, name):
    branch.to("PUBLISHED")
    run_on(branch)
    client.force_login(branch.users[who])

    assert client.post(url(branch, name), {"text": "不对"}).status_code == status
    assert not Verification.objects.exists()


def test_an_objection_names_a_line_or_the_whole(branch, member):
    branch.to("PUBLISHED")
    run_on(branch)
    line = branch.result("member").lines.get()

    for data in ({"line": line.pk, "text": "少计"}, {"line": "", "text": "整体有误"}):
        assert member.post(url(branch, "object_to_result"), data).status_code == 302

    assert [o.line for o in Objection.objects.order_by("pk")] == [line, None]
    page = member.get(RESULT).context["page"]
    assert page.has_open_objection
    assert not page.can_confirm


def test_an_objection_without_a_reason_is_shown_again(branch, member):
    branch.to("PUBLISHED")
    run_on(branch)

    assert member.post(url(branch, "object_to_result"), {"text": " "}).status_code == 422
    assert not Objection.objects.exists()


def test_an_objection_after_the_publication_is_told_and_kept_in_the_form(branch, member):
    branch.to("CLOSED")

    response = member.post(url(branch, "object_to_result"), {"text": "我有异议"})

    assert response.status_code == 409
    assert "我有异议" in text(response)
    assert not Objection.objects.exists()


def test_an_objection_to_somebody_elses_line_is_refused(branch, member):
    branch.file("other", branch.line())
    branch.to("PUBLISHED")
    run_on(branch)
    line = branch.result("other").lines.get()

    response = member.post(url(branch, "object_to_result"), {"line": line.pk, "text": "不对"})

    assert response.status_code == 422


def test_a_corrected_result_shows_both_revisions(branch, member):
    branch.publish_cut()
    objection = branch.object(line=branch.result("member").lines.get())
    branch.answer(objection, correction=Change(branch.entry("member").pk, "APPROVED", None))

    page = member.get(RESULT).context["page"]

    assert [revision.score for revision in page.revisions] == [Decimal("81.00"), Decimal("82.00")]
    assert [list(row.credited) for row in page.comparison] == [[Decimal("1.00"), Decimal("2.00")]]
    assert page.comparison[0].is_changed
    assert page.objections[0].answer == "核对属实"


def test_a_zeroed_month_and_an_exempt_one_say_so(branch, member):
    Criterion.objects.filter(pk=branch.punished.pk).update(zeroes_month=True)
    branch.punished.refresh_from_db()
    branch.register("member", by="staff", item=branch.item(branch.punished))
    Exemption.objects.create(
        member=branch.other,
        first_month=OCTOBER,
        last_month=OCTOBER,
        approved_by=branch.users["staff"],
        approved_at=LONG_AGO,
    )
    branch.publish()

    page = member.get(RESULT).context["page"]
    assert (page.result.score, page.clamp) == (Decimal("0.00"), "ZEROED")
    member.force_login(branch.users["other"])
    assert not member.get(RESULT).context["page"].result.is_assessed


def test_my_year_adds_up_and_shows_no_rank_before_the_year_is_frozen(branch, member):
    branch.to("CLOSED")

    def year():
        return member.get(reverse("year_results", args=[2026])).context["year"]

    assert (year().total, year().pass_total, year().average) == (
        Decimal("82.00"),
        Decimal("70.00"),
        Decimal("82.00"),
    )
    assert [(c.plus, c.minus) for c in year().categories] == [(Decimal("2.00"), Decimal("0.00"))]
    end = YearEnd.objects.create(
        committee=branch.committee,
        year=2026,
        state=YearEnd.State.PROVISIONAL,
        computed_by=branch.users["staff"],
        computed_at=now(),
    )
    AnnualResult.objects.create(
        year_end=end,
        year=2026,
        member=branch.member,
        branch=branch.branch,
        total=Decimal("82.00"),
        pass_total=Decimal("70.00"),
        assessed_months=1,
        zero_months=0,
        rank=2,
        is_below=False,
        is_full_member=True,
        is_candidate=True,
    )
    assert year().annual is None
    YearEnd.objects.update(
        state=YearEnd.State.FROZEN, frozen_by=branch.users["staff"], frozen_at=now()
    )
    assert year().annual.result.rank == 2


@pytest.mark.parametrize("count", [1, 3])
def test_my_year_takes_the_same_queries_for_1_and_3_months(
    branch, member, count, django_assert_num_queries
):
    branch.to("CLOSED")
    for number in range(1, count):
        month = add_months(OCTOBER, -number)
        branch.round.pk = None
        branch.round.month = month
        branch.round.save(force_insert=True)
        compute_results(branch=branch.branch, rule_book=branch.book, month=month, at=now())
    MonthlyResult.objects.update(is_final=True)
    with django_assert_num_queries(YEAR_QUERIES):
        assert member.get(reverse("year_results", args=[2026])).context["year"].assessed == count


YEAR_QUERIES = 14


def test_my_results_lead_to_this_year(member):
    year = month_of(timezone.localdate()).year

    assert member.get(reverse("my_year")).url == reverse("year_results", args=[year])
