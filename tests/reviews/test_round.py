"""One branch's month, step by step, through the services."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import Notice
from members.rights import system_actor
from points.models import Decision, Declaration, Entry, MonthlyResult
from points.services import declaration as declarations
from reviews.models import FollowUp, Objection
from reviews.services import opening
from reviews.services import round as rounds
from reviews.services.corrections import Change
from reviews.services.month_end import month_end
from tests.reviews.branch_month import OCTOBER, BranchMonth, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def month() -> BranchMonth:
    return BranchMonth(bench=("secretary", "deputy"))


def scores() -> dict[int, Decimal]:
    results = MonthlyResult.objects.current().filter(month=OCTOBER)
    return dict(results.values_list("member", "score"))


def test_open_month_twice_changes_nothing(month):
    opened = opening.open_month(month=OCTOBER, by=system_actor(), at=at(10, 3))

    assert (opened.rounds, opened.declarations) == (0, 0)
    assert Declaration.objects.count() == 5


def test_month_runs_from_declaration_to_talk(month):
    month.file("member", month.line())
    month.register("other")
    month.register("other")
    month.start()
    entry = Entry.objects.get(source=Entry.Source.DECLARED)
    month.decide(entry, "ADJUSTED", by="secretary", points=Decimal("1.00"), reason="只参加半天")
    month.meet()
    publication = month.conclude()

    assert publication.ends_on == date(2026, 11, 2)
    assert scores() == {
        month.secretary.pk: Decimal("80.00"),
        month.deputy.pk: Decimal("80.00"),
        month.organiser.pk: Decimal("80.00"),
        month.member.pk: Decimal("81.00"),
        month.other.pk: Decimal("68.00"),
    }

    objection = month.object("member", "参加了全天", month.result("member").lines.get())
    assert month_end(on=date(2026, 11, 3), by=system_actor(), at=at(11, 3)).rounds_closed == 0

    month.answer(objection, by="deputy", correction=Change(entry.pk, "APPROVED", None))
    assert scores()[month.member.pk] == Decimal("82.00")
    assert Objection.objects.get().state == Objection.State.CORRECTED

    done = month_end(on=date(2026, 11, 3), by=system_actor(), at=at(11, 3))
    assert (done.rounds_closed, done.created) == (1, 1)
    talk = FollowUp.objects.get()
    assert (talk.kind, talk.member, talk.holder) == ("TALK", month.other, None)
    assert MonthlyResult.objects.get(member=month.other).streak == 1
    told = Notice.objects.filter(key=f"follow_up:{talk.pk}").values_list("user", flat=True)
    assert set(told) == {month.other.user_id, month.secretary.user_id}

    again = month_end(on=date(2026, 11, 4), by=system_actor(), at=at(11, 4))
    assert (again.rounds_closed, again.created, again.updated) == (0, 0, 0)


def test_secretary_cannot_decide_own_entry(month):
    month.file("secretary", month.line())
    month.start()

    with pytest.raises(PermissionDenied):
        month.decide(Entry.objects.get(), by="secretary")
    month.decide(Entry.objects.get(), by="deputy")

    assert Decision.objects.get().decided_by == month.deputy.user


def test_second_reviewer_is_told(month):
    month.file("member", month.line())
    month.start()
    entry = Entry.objects.get()
    month.decide(entry, by="deputy")

    with pytest.raises(Refused, match=month.deputy.name):
        month.decide(entry, "REJECTED", by="secretary", reason="不符")

    assert Decision.objects.count() == 1


def test_conclude_names_everything_that_is_missing(month):
    month.file("member", month.line())
    month.start()

    with pytest.raises(Refused) as refused:
        month.conclude()

    assert month.member.name in str(refused.value)
    assert MonthlyResult.objects.count() == 0


def test_take_back_after_review_started_is_refused(month):
    month.file("member", month.line())
    month.start()
    sheet = month.sheet("member")

    with pytest.raises(Refused):
        declarations.take_back(
            pk=sheet.pk, seen=sheet.revision, by=month.actor("member"), at=at(10, 28)
        )


def test_own_registration_waits_for_somebody_else(month):
    month.register("secretary", "member", item=month.item(month.study))
    month.start()
    own = Entry.objects.get(member=month.secretary)

    assert [entry.pk for entry in rounds.undecided(month.round)] == [own.pk]
