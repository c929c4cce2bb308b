"""Returning a sheet with remarks on single items: what is written, told, shown and refused."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from lib.steps import Refused
from members.models import Notice
from points.models import Entry, Remark
from points.services import declaration as declarations
from reviews.selectors.review import grid_of
from reviews.services import review as reviewing
from reviews.services.round import seat_of
from tests.reviews.branch_month import DAY, at

pytestmark = pytest.mark.django_db


def give_back(month, who="member", *, by="secretary", reason="", day=28, **remarks):
    return reviewing.return_sheet(
        pk=month.round.pk,
        declaration_id=month.sheet(who).pk,
        reason=reason,
        by=month.actor(by),
        at=at(10, day),
        **remarks,
    )


def test_a_remark_alone_returns_a_sheet_and_is_told(month):
    month.file("member", month.line(day=3), month.line(day=4))
    month.start()
    first, second = month.sheet("member").entries.order_by("pk")

    give_back(month, remarks={first.pk: " 请写明地点 ", second.pk: "  "})

    assert [(one.entry, one.text, one.made_by) for one in Remark.objects.all()] == [
        (first, "请写明地点", month.users["secretary"])
    ]
    notice = Notice.objects.get(user=month.users["member"])
    assert reviewing.what_to_correct("", 1) in notice.subject


def test_a_remark_is_on_an_item_that_was_declared_on_the_sheet(month):
    month.file("member", month.line())
    month.file("other", month.line())
    month.register("member")
    month.start()
    declared = month.sheet("other").entries.get()
    registered = Entry.objects.get(member=month.member, source="REGISTERED")

    for entry in (declared, registered):
        with pytest.raises(Refused):
            give_back(month, remarks={entry.pk: "不符"})
    assert not Remark.objects.exists()
    assert month.sheet("member").state == "IN_REVIEW"


def test_nobody_returns_their_own_with_remarks(month):
    month.file("secretary", month.line())
    month.start()
    entry = month.entry("secretary")

    with pytest.raises(PermissionDenied):
        give_back(month, "secretary", remarks={entry.pk: "请改"})
    assert not Remark.objects.exists()


def test_remarks_stay_readable_in_the_review(month):
    month.file("member", month.line(day=3), month.line(day=4))
    month.start()
    first, second = month.sheet("member").entries.order_by("pk")
    give_back(month, remarks={first.pk: "日期有误", second.pk: "与职责无关"})
    sheet, by = month.sheet("member"), month.actor("member")
    declarations.drop_line(
        pk=sheet.pk, entry_id=second.pk, seen=sheet.revision, by=by, at=at(10, 29)
    )
    declarations.submit(pk=sheet.pk, seen=sheet.revision + 1, by=by, at=at(10, 29))

    grid = grid_of(month.round, seat_of(month.actor("deputy"), month.branch.pk, DAY))
    shown, line = grid.find(first.pk)
    assert [one.text for one in line.remarks] == ["日期有误"]
    assert [(one.entry, one.text) for one in shown.gone_remarks] == [(second, "与职责无关")]


# -- the page ------------------------------------------------------------------------------------


def page(month, who="member") -> str:
    return reverse("return_sheet", args=[month.round.pk, month.sheet(who).pk])


def test_the_page_lists_the_items_and_returns_with_remarks(month, client):
    month.file("member", month.line(day=3), month.line(day=4))
    month.start()
    client.force_login(month.users["secretary"])
    first, second = month.sheet("member").entries.order_by("pk")

    form = client.get(page(month)).context["form"]
    assert [entry for entry, _field in form.items()] == [first, second]

    answer = client.post(page(month), {"reason": "", f"remark-{second.pk}": "请补充时间"})
    assert answer.url == reverse("review", args=[month.round.pk])
    assert Remark.objects.get().entry == second
    assert "请补充时间" in client.get(reverse("review", args=[month.round.pk])).content.decode()


def test_a_page_that_says_nothing_comes_back(month, client):
    month.file("member", month.line())
    month.start()
    client.force_login(month.users["secretary"])

    answer = client.post(page(month), {"reason": " "})

    assert answer.status_code == 409
    assert month.sheet("member").state == "IN_REVIEW"


def test_what_was_typed_stays_when_somebody_was_faster(month, client):
    month.file("member", month.line())
    month.start()
    give_back(month, reason="请改")
    client.force_login(month.users["deputy"])

    answer = client.post(page(month), {"reason": "写了很久的意见"})

    assert answer.status_code == 409
    assert "写了很久的意见" in answer.content.decode()
    assert month.sheet("member").return_reason == "请改"


@pytest.mark.parametrize(
    ("who", "status"), [("secretary", 200), ("staff", 403), ("member", 403), ("other", 403)]
)
def test_who_opens_the_page(month, client, who, status):
    month.file("member", month.line())
    month.start()
    client.force_login(month.users[who])

    assert client.get(page(month)).status_code == status


def test_nobody_opens_the_page_of_their_own_sheet(month, client):
    month.file("secretary", month.line())
    month.start()
    client.force_login(month.users["secretary"])

    assert client.get(page(month, "secretary")).status_code == 403


def test_a_sheet_that_is_back_already_leads_to_the_review(month, client):
    month.file("member", month.line())
    month.start()
    give_back(month, reason="请改")
    client.force_login(month.users["deputy"])

    assert client.get(page(month)).url == reverse("review", args=[month.round.pk])


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_takes_the_same_queries_for_1_and_3_items(
    month, client, count, django_assert_num_queries
):
    month.file("member", *[month.line(day=day) for day in range(1, count + 1)])
    month.start()
    client.force_login(month.users["secretary"])

    with django_assert_num_queries(QUERIES):
        assert len(client.get(page(month)).context["form"].entries) == count


QUERIES = 14


def test_the_way_back_from_a_sheet_entered_on_behalf(month, client):
    client.force_login(month.users["secretary"])

    answer = client.get(reverse("round_of_sheet", args=[month.sheet("member").pk]))
    assert answer.url == month.round.get_absolute_url()

    client.force_login(month.users["secretary elsewhere"])
    assert client.get(answer.request["PATH_INFO"]).status_code == 404
