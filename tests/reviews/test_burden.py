"""Burden: what a month asks of people, by branch, in the roll's order."""

from datetime import date

import pytest

from branches.models import Branch
from points.models import Evidence
from reviews.selectors.burden import Burden, burden_of, each_month, per_head
from tests.factories import LONG_AGO, BranchFactory, MemberFactory, RuleBookFactory
from tests.reviews.branch_month import OCTOBER, BranchMonth
from tests.reviews.final_results import final

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)


def attach(entry, user, *names):
    for name in names:
        Evidence.objects.create(
            entry=entry, name=name, size=1, sha256=name, uploaded_by=user, uploaded_at=LONG_AGO
        )


def test_burden_counts_what_was_filed_registered_and_attached():
    world = BranchMonth()
    world.file("member", world.line(), world.line(day=9))
    attach(world.sheet("member").entries.first(), world.users["member"], "a", "b")
    world.file("other", world.line(), submit=False)
    attach(world.sheet("other").entries.first(), world.users["other"], "c")
    world.register("member", "other")
    world.undo(world.register("deputy", item=world.item(day=10)))

    assert burden_of([world.branch.pk], [OCTOBER, NOVEMBER]) == [
        Burden(world.branch, OCTOBER, members=5, declarations=1, declared=2, registered=2, files=2)
    ]


def test_burden_of_an_imported_month_counts_its_results():
    branch = BranchFactory()
    book = RuleBookFactory(branch=branch)
    final(MemberFactory(branch=branch), branch, OCTOBER, book=book, at=LONG_AGO)
    assert burden_of([branch.pk], [OCTOBER]) == [
        Burden(branch, OCTOBER, members=1, has_sheets=False)
    ]


def test_burden_stands_in_the_rolls_order(django_assert_num_queries):
    one, two = BranchMonth(), BranchMonth()
    Branch.objects.filter(pk=two.branch.pk).update(roll_order=0)
    Branch.objects.filter(pk=one.branch.pk).update(roll_order=1)
    with django_assert_num_queries(5):
        rows = burden_of([one.branch.pk, two.branch.pk], [OCTOBER])
    assert [row.branch for row in rows] == [two.branch, one.branch]
    with django_assert_num_queries(5):
        burden_of([one.branch.pk], [OCTOBER])


def test_burden_on_average_leaves_out_months_without_sheets():
    branch = Branch(name="甲")
    rows = [
        Burden(branch, OCTOBER, members=4, declared=6, files=1),
        Burden(branch, NOVEMBER, members=4, declared=2, files=0),
        Burden(branch, NOVEMBER, members=9, registered=9, has_sheets=False),
    ]
    averages = [each_month("declared", rows), each_month("files", rows)]
    assert [str(one) for one in averages] == ["1.0", "0.1"]
    assert (rows[2].declared_each, rows[2].files_each) == (None, None)


@pytest.mark.parametrize(
    ("count", "members", "shown"), [(0, 0, "None"), (1, 20, "0.1"), (7, 2, "3.5"), (1, 3, "0.3")]
)
def test_per_head_is_shown_to_one_place_half_up(count, members, shown):
    assert str(per_head(count, members)) == shown
