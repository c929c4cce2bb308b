from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from branches.models import Branch, Committee
from lib.months import months_of_year
from members.imports import apply_roll, parse_roll
from members.models import Event
from members.rights import system_actor
from points.imports import apply_rulebook, parse_rulebook
from points.models import MonthlyResult, Policy
from reviews.imports import apply_ledger, parse_ledger
from reviews.models import AnnualResult, BranchAnnualResult, Round, YearEnd
from reviews.services.year_end import RoundsOpen, close_year, open_rounds
from tests.workbooks import criterion, entry, ledger, person, roll, rule_book, rule_books

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 4, tzinfo=UTC)
HIGH, LOW, FAR = "机关党支部", "下属党支部", "外单位党支部"
ORGANISATIONS = [
    {"名称": "党委", "类型": "党委", "上级党组织": None},
    {"名称": "总支", "类型": "党总支", "上级党组织": "党委"},
    {"名称": "外单位党委", "类型": "党委", "上级党组织": None},
    {"名称": HIGH, "类型": "党支部", "上级党组织": "党委"},
    {"名称": LOW, "类型": "党支部", "上级党组织": "总支"},
    {"名称": FAR, "类型": "党支部", "上级党组织": "外单位党委"},
]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def department(kept_rows):
    by = system_actor()
    people = [person(1, HIGH), person(2, LOW), person(3, LOW), person(4, FAR)]
    apply_roll(parse_roll(roll(*people, organisations=ORGANISATIONS)), by=by, at=AT)
    books = [rule_book(name, 生效年月="2025-01") for name in (HIGH, LOW, FAR)]
    criteria = [criterion("A1", 5), criterion("B1", -12)]
    apply_rulebook(parse_rulebook(rule_books(books, criteria)), by=by, at=AT)
    months = [(f"{m:%Y-%m}", b) for m in months_of_year(2025) for b in (HIGH, LOW, FAR)]
    rows = [entry("2025-01", "A3", "A1", LOW), entry("2025-02", "A2", "B1", LOW)]
    apply_ledger(parse_ledger(ledger(*rows, months=months)), by=by, at=AT)


def committee(name):
    return Committee.objects.get(name=name)


def close(name, *, provisional=False, at=AT):
    return close_year(
        committee=committee(name), year=2025, provisional=provisional, by=system_actor(), at=at
    )


def figures():
    return sorted(
        AnnualResult.objects.values_list("year_end__committee__name", "member__staff_no", "rank")
    )


def test_a_committee_closes_what_lies_below_it_and_nothing_else():
    closing = close("党委")
    assert (closing.was_frozen, closing.branches, closing.members) == (False, 2, 3)
    assert figures() == [("党委", "A1", 1), ("党委", "A2", 2), ("党委", "A3", 1)]
    assert closing.year_end.state == YearEnd.State.FROZEN
    event = Event.objects.get(verb="close_year")
    assert (event.target_id, event.details["members"]) == (closing.year_end.pk, 3)


def test_closing_again_says_so_and_changes_nothing():
    close("党委")
    MonthlyResult.objects.update(score=Decimal("1.00"))
    closing = close("党委", at=LATER)
    assert (closing.was_frozen, closing.branches, closing.members) == (True, 2, 3)
    assert closing.year_end.computed_at == AT
    assert AnnualResult.objects.get(member__staff_no="A3").total == Decimal("965.00")
    assert Event.objects.filter(verb="close_year").count() == 1


def test_what_a_committee_below_froze_stays_with_it():
    close("总支")
    MonthlyResult.objects.filter(branch__name=LOW).update(score=Decimal("1.00"))
    close("党委")
    assert figures() == [("党委", "A1", 1), ("总支", "A2", 2), ("总支", "A3", 1)]
    assert AnnualResult.objects.get(member__staff_no="A3").total == Decimal("965.00")


def test_provisional_figures_of_a_committee_below_give_way():
    close("总支", provisional=True)
    close("党委")
    assert {name for name, _staff_no, _rank in figures()} == {"党委"}
    assert BranchAnnualResult.objects.count() == 2


def test_open_rounds_are_listed_in_the_roll_s_order():
    Round.objects.filter(branch__name=LOW, month=date(2025, 3, 1)).delete()
    Round.objects.filter(branch__name=HIGH, month=date(2025, 12, 1)).update(
        state=Round.State.OPEN, closed_at=None
    )
    found = [(o.branch.name, o.month, o.state) for o in open_rounds(committee("党委"), 2025)]
    assert found == [(HIGH, date(2025, 12, 1), "OPEN"), (LOW, date(2025, 3, 1), None)]
    assert open_rounds(committee("外单位党委"), 2025) == []
    with pytest.raises(RoundsOpen) as error:
        close("党委")
    assert len(error.value.rounds) == 2
    assert not YearEnd.objects.exists()


def test_months_without_rules_or_people_are_not_due():
    assert open_rounds(committee("党委"), 2024) == []
    empty = Branch.objects.create(name="新建党支部", committee=committee("党委"))
    assert open_rounds(committee("党委"), 2025) == []
    Branch.objects.filter(name=HIGH).update(is_active=False)
    assert [o.branch.name for o in open_rounds(committee("党委"), 2026)] == [LOW] * 12
    assert empty.rounds.count() == 0


def test_provisional_figures_list_what_is_open_and_are_computed_anew():
    Round.objects.filter(branch__name=HIGH, month=date(2025, 12, 1)).delete()
    MonthlyResult.objects.filter(branch__name=HIGH, month=date(2025, 12, 1)).update(is_final=False)
    closing = close("党委", provisional=True)
    assert len(closing.open_rounds) == 1
    assert AnnualResult.objects.get(member__staff_no="A1").assessed_months == 11
    MonthlyResult.objects.update(is_final=True)
    close("党委", provisional=True, at=LATER)
    assert AnnualResult.objects.get(member__staff_no="A1").assessed_months == 12
    assert YearEnd.objects.get().computed_at == LATER


def test_the_policy_of_the_branch_s_own_committee_decides():
    Policy.objects.create(
        committee=committee("总支"), effective_from=date(2025, 1, 1), candidate_ranks=1
    )
    Policy.objects.create(
        committee=committee("党委"), effective_from=date(2025, 1, 1), branch_below_percent=100
    )
    MonthlyResult.objects.filter(member__staff_no="A1").update(score=Decimal("1.00"))
    close("党委")
    candidates = dict(AnnualResult.objects.values_list("member__staff_no", "is_candidate"))
    assert candidates == {"A1": False, "A2": False, "A3": True}
    assert not BranchAnnualResult.objects.get(branch__name=HIGH).is_eligible


def test_the_number_of_statements_does_not_depend_on_branches_or_members(
    django_assert_num_queries,
):
    by = system_actor()
    for name in ("外单位党委", "党委"):
        with django_assert_num_queries(36):
            close_year(committee=committee(name), year=2025, provisional=False, by=by, at=AT)
