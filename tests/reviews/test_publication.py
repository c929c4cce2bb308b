"""While a month is published: confirming, objecting, answering."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import Notice
from members.rights import system_actor
from points.models import Criterion, Decision, MonthlyResult
from reviews.models import Objection, Verification
from reviews.services import corrections
from reviews.services import objections as objecting
from reviews.services import publication as publications
from reviews.services.corrections import Change
from reviews.services.month_end import month_end
from tests.factories import StaffAppointmentFactory
from tests.reviews.branch_month import BranchMonth, at, who_may

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def published(kept_rows) -> BranchMonth:
    return BranchMonth().to("PUBLISHED")


@pytest.fixture
def month(published) -> BranchMonth:
    return deepcopy(published)


@pytest.fixture
def cut() -> BranchMonth:
    """The deputy gave the member one point instead of two: 81."""
    return BranchMonth().publish_cut()


def adjusted(month, points="1.00"):
    return Change(month.entry("member").pk, "ADJUSTED", Decimal(points))


def approved(month):
    return Change(month.entry("member").pk, "APPROVED", None)


def test_confirming_twice_is_confirming_once(month):
    for _time in range(2):
        publications.confirm(pk=month.round.publication.pk, by=month.actor("member"), at=at(10, 29))

    assert Verification.objects.get().answer == "CONFIRMED"


@pytest.mark.parametrize("name", ["secretary elsewhere", "staff", "system"])
def test_only_those_with_a_result_confirm(month, name):
    with pytest.raises(PermissionDenied):
        publications.confirm(pk=month.round.publication.pk, by=month.actor(name), at=at(10, 29))


@pytest.mark.parametrize("day", [at(11, 3), at(11, 30)])
def test_after_the_last_day_nothing_is_said_any_more(month, day):
    with pytest.raises(Refused):
        publications.confirm(pk=month.round.publication.pk, by=month.actor("member"), at=day)
    with pytest.raises(Refused):
        objecting.object_to(
            pk=month.round.publication.pk,
            line=None,
            text="请核对",
            by=month.actor("member"),
            at=day,
        )


def test_objection_is_raised_once_and_the_bench_is_told(month):
    first = month.object(line=month.result("member").lines.get())
    assert month.object(line=month.result("member").lines.get()) == first
    with pytest.raises(Refused):
        month.object(line=month.result("member").lines.get(), text="另外的话")

    told = Notice.objects.filter(key=f"objection:{first.pk}").values_list("user", flat=True)
    assert set(told) == {month.users[n].pk for n in ("secretary", "deputy", "organiser")}
    assert Verification.objects.get().answer == "OBJECTED"


@pytest.mark.parametrize(("text", "whose"), [("  ", "member"), ("请核对", "other")])
def test_objection_needs_words_and_an_own_line(month, text, whose):
    line = month.result("member").lines.get()

    with pytest.raises(Refused):
        month.object(whose, text=text, line=line)
    assert not Objection.objects.exists()


def test_objection_of_the_last_one_on_the_bench_is_told_to_the_committee():
    month = BranchMonth(bench=("secretary",))
    month.publish()
    objection = month.object("secretary")

    told = Notice.objects.filter(key=f"objection:{objection.pk}").values_list("user", flat=True)
    assert set(told) == {month.users["staff"].pk}


@pytest.mark.parametrize(
    ("bench", "whose", "may"),
    [
        (("secretary", "deputy", "organiser"), "member", {"secretary"}),
        (("secretary", "deputy", "organiser"), "deputy", {"secretary"}),
        (("secretary", "deputy", "organiser"), "secretary", {"deputy", "organiser"}),
        (("secretary",), "secretary", {"staff"}),
        (("deputy", "organiser"), "member", {"deputy", "organiser", "staff"}),
        (("deputy",), "deputy", {"staff"}),
        ((), "member", {"staff"}),
    ],
)
def test_who_may_answer(bench, whose, may):
    month = BranchMonth(bench=bench)
    month.publish(runner="system")
    objection = month.object(whose)

    assert who_may(lambda name: month.answer(objection, by=name), month.users) == may


def test_keeping_changes_nothing_but_the_objection(month):
    objection = month.object()
    month.answer(objection)

    objection.refresh_from_db()
    assert (objection.state, objection.answer) == ("KEPT", "核对属实")
    assert MonthlyResult.objects.filter(member=month.member).count() == 1
    assert Notice.objects.filter(
        user=month.users["member"], key=f"answered:{objection.pk}"
    ).exists()


def test_correcting_makes_a_revision_and_keeps_the_old_one(cut):
    objection = cut.object(line=cut.result("member").lines.get())
    cut.answer(objection, correction=approved(cut))

    objection.refresh_from_db()
    revisions = MonthlyResult.objects.filter(member=cut.member).order_by("revision")
    assert objection.state == "CORRECTED"
    assert [(r.score, r.is_current) for r in revisions] == [
        (Decimal("81.00"), False),
        (Decimal("82.00"), True),
    ]
    assert cut.entry("member").decisions.count() == 2


def test_preview_says_what_the_answer_would_change_and_changes_nothing(cut):
    objection = cut.object()
    effect = objecting.effect_of_answer(
        objection_id=objection.pk,
        text="签到两天",
        correction=approved(cut),
        by=cut.actor("secretary"),
        at=at(10, 30),
    )

    assert [(r.old.score, r.new.score) for r in effect.revised] == [
        (Decimal("81.00"), Decimal("82.00"))
    ]
    objection.refresh_from_db()
    assert objection.state == "OPEN"
    assert MonthlyResult.objects.filter(member=cut.member).count() == 1
    assert Decision.objects.filter(entry__branch=cut.branch).count() == 1
    assert not Notice.objects.filter(key=f"answered:{objection.pk}").exists()


@pytest.mark.parametrize(
    ("outcome", "points", "text"),
    [
        ("APPROVED", None, "与原认定相同"),
        ("ADJUSTED", None, "缺分值"),
        ("ADJUSTED", Decimal("-1.00"), "反号"),
        ("REJECTED", None, " "),
        ("WITHDRAWN", None, "撤销"),
    ],
)
def test_incomplete_correction_leaves_the_objection_open(month, outcome, points, text):
    objection = month.object()
    entry = month.entry("member")

    with pytest.raises(Refused):
        month.answer(objection, correction=Change(entry.pk, outcome, points), text=text)
    objection.refresh_from_db()
    assert objection.state == "OPEN"


def test_correction_is_of_the_objectors_own_entries(month):
    objection = month.object("other")

    with pytest.raises(Refused):
        month.answer(objection, correction=adjusted(month))


def test_second_answer_is_told_who_was_first(month):
    objection = month.object("secretary")
    month.answer(objection, by="deputy")

    with pytest.raises(Refused, match=month.deputy.name):
        month.answer(objection, by="organiser")


def test_what_the_committee_registered_only_the_committee_corrects():
    month = BranchMonth()
    month.register("member", by="staff", item=month.item(month.punished))
    month.publish()
    objection = month.object(line=month.result("member").lines.get())
    other = StaffAppointmentFactory(committee=month.committee)
    month.users["other staff"] = other.user
    lighter = adjusted(month, "-5.00")

    told = Notice.objects.filter(key=f"objection:{objection.pk}").values_list("user", flat=True)
    assert month.users["staff"].pk in set(told)
    with pytest.raises(Refused):
        month.answer(objection, correction=lighter)
    # Who registered it has decided it.
    with pytest.raises(PermissionDenied):
        month.answer(objection, by="staff", correction=lighter)
    month.answer(objection, by="other staff", correction=lighter)

    assert month.result("member").score == Decimal("75.00")


def test_unanswered_objection_keeps_the_month_open_and_answering_lets_it_close(month):
    objection = month.object()
    assert month_end(on=date(2026, 11, 10), by=system_actor(), at=at(11, 10)).rounds_closed == 0

    month.answer(objection)

    assert month_end(on=date(2026, 11, 10), by=system_actor(), at=at(11, 10)).rounds_closed == 1


def test_long_reason_is_kept_whole_with_the_objection(cut):
    objection = cut.object()
    cut.answer(objection, correction=approved(cut), text="理" * 900)

    objection.refresh_from_db()
    assert len(objection.answer) == 900
    assert len(cut.entry("member").decisions.get(is_current=True).reason) == 500


def test_correction_revises_later_months_through_a_yearly_cap():
    october = BranchMonth()
    capped = october.criterion(
        "2.00", Criterion.RegisteredBy.EITHER, max_points_year=Decimal("3.00")
    )
    october.register("member", item=october.item(capped), by="deputy")
    october.publish()
    november = october.also(date(2026, 11, 1))
    november.register("member", item=november.item(capped))
    november.publish()
    assert november.result("member").score == Decimal("81.00")

    entry = october.entry("member")
    corrections.correct_published(
        pk=october.round.pk,
        member=october.member.pk,
        change=Change(entry.pk, "REJECTED", None),
        reason="材料不符",
        by=october.actor("secretary"),
        at=at(11, 29),
    )

    assert october.result("member").score == Decimal("80.00")
    assert november.result("member").score == Decimal("82.00")
