"""The pages of a rule book in the making: rows, forms that come back, the committee's desk."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from lib.months import format_month
from members.rights import actor_on
from points.models import Category, CategoryCap, Criterion, RuleBook, RuleBookReading
from points.selectors.rule_book_rows import FieldChange, differences, draft_of
from points.services.rule_book import approval, draft
from tests.factories import CriterionFactory, RuleBookFactory
from tests.reviews.branch_month import BranchMonth

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch(month) -> BranchMonth:
    return month


def actor(branch, name):
    return actor_on(branch.users[name], timezone.localdate())


def start(branch, source=None) -> RuleBook:
    return draft.start(
        branch=branch.branch,
        source=source or branch.book,
        by=actor(branch, "secretary"),
        at=timezone.now(),
    )


def submit(branch) -> RuleBook:
    book = start(branch)
    return draft.submit(
        pk=book.pk, seen=book.revision, by=actor(branch, "secretary"), at=timezone.now()
    )


def approved(branch) -> RuleBook:
    book = submit(branch)
    month = approval.possible_months(branch.branch, today=timezone.localdate())[0]
    return approval.approve(pk=book.pk, month=month, by=actor(branch, "staff"), at=timezone.now())


def row(**more):
    return {
        "code": "XX-99",
        "category": "STUDY",
        "text": "在支部讲党课",
        "points": "2",
        "registered_by": "EITHER",
        "applies_to": "EVERYONE",
        "seen": "0",
    } | more


# -- starting and editing ---------------------------------------------------------------------


def test_a_draft_is_started_from_a_version(branch, client):
    client.force_login(branch.users["secretary"])
    address = reverse("start_draft", args=[branch.branch.pk])
    assert list(client.get(address).context["own"]) == [branch.book]

    response = client.post(address, {"source": branch.book.pk})

    book = RuleBook.objects.in_the_making().get()
    assert response["Location"] == reverse("rule_book_edit", args=[book.pk])
    assert client.get(address)["Location"] == reverse("rule_book_edit", args=[book.pk])


def test_a_rule_book_of_another_branch_is_no_source(branch, client):
    client.force_login(branch.users["secretary"])
    other = RuleBookFactory()

    response = client.post(reverse("start_draft", args=[branch.branch.pk]), {"source": other.pk})

    assert response.status_code == 422
    assert not RuleBook.objects.in_the_making().exists()


def test_a_criterion_is_added_to_its_category(branch, client):
    book = start(branch)
    client.force_login(branch.users["secretary"])

    response = client.post(reverse("add_criterion", args=[book.pk]), row())

    added = book.criteria.get(code="XX-99")
    assert response["Location"] == f"/rules/{book.pk}/edit/#criterion-{added.pk}"
    assert (added.points, added.max_points_month, added.needs_evidence) == (
        Decimal("2.00"),
        None,
        False,
    )


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"code": "the same"}, "code"),
        ({"points": "0"}, "points"),
        ({"points": "2", "zeroes_month": "on"}, "points"),
        ({"trigger": "LATE"}, "trigger"),
        ({"max_points_month": "-1"}, "max_points_month"),
        ({"text": ""}, "text"),
    ],
)
def test_a_row_that_cannot_be_comes_back_with_what_was_typed(branch, client, typed, field):
    book = start(branch)
    client.force_login(branch.users["secretary"])
    typed = row(**typed)
    if typed["code"] == "the same":
        typed["code"] = branch.study.code

    response = client.post(reverse("add_criterion", args=[book.pk]), typed)

    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert response.context["form"]["registered_by"].value() == "EITHER"
    assert book.criteria.count() == branch.book.criteria.count()


def test_a_stale_form_is_told_and_can_be_sent_again(branch, client):
    book = start(branch)
    client.force_login(branch.users["secretary"])
    address = reverse("add_criterion", args=[book.pk])
    client.post(address, row())

    stale = client.post(address, row(code="XX-98", text="另一条"))
    assert stale.status_code == 409
    form = stale.context["form"]
    assert (form["text"].value(), form["seen"].value()) == ("另一条", "1")
    again = client.post(address, row(code="XX-98", text="另一条", seen="1"))

    assert again.status_code == 302
    assert book.criteria.filter(code__in=["XX-98", "XX-99"]).count() == 2


def test_duplicating_asks_for_a_new_code(branch, client):
    book = start(branch)
    client.force_login(branch.users["secretary"])
    original = book.criteria.first()

    form = client.get(reverse("add_criterion", args=[book.pk]), {"from": original.pk}).context[
        "form"
    ]

    assert (form["text"].value(), form["code"].value()) == (original.text, "")


def test_the_head_is_saved_with_its_caps(branch, client):
    book = start(branch)
    client.force_login(branch.users["secretary"])
    address = reverse("rule_book_head", args=[book.pk])
    head = {"base_points": "80", "pass_line": "72", "ceiling": "", "seen": "0", "cap_STUDY": "3"}

    refused = client.post(address, head | {"ceiling": "60"})
    saved = client.post(address, head)

    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["ceiling"])
    assert saved.status_code == 302
    book.refresh_from_db()
    assert (book.pass_line, book.ceiling) == (Decimal("72.00"), None)
    assert book.category_caps.get().max_plus_month == Decimal("3.00")


def test_rows_move_retire_and_come_back_without_scripts(branch, client):
    book = start(branch)
    client.force_login(branch.users["secretary"])
    first, second = book.criteria.all()[:2]
    edit = reverse("rule_book_edit", args=[book.pk])

    client.post(
        reverse("move_criterion", args=[book.pk, second.pk]), {"direction": "up", "seen": 0}
    )
    assert list(book.criteria.all()[:2]) == [second, first]
    client.post(reverse("retire_criterion", args=[book.pk, first.pk]), {"seen": 1})
    shown = client.get(edit).context["draft"]
    assert [one.code for one in shown.retired] == [first.code]
    client.post(reverse("restore_criterion", args=[book.pk]), {"code": first.code, "seen": 2})
    assert client.get(edit).context["draft"].retired == []


def test_unusual_rows_are_pointed_out(branch):
    book = start(branch)
    CriterionFactory(
        rule_book=book,
        code="W-1",
        category=Category.LEADERSHIP,
        points=Decimal("-3.00"),
        registered_by=Criterion.RegisteredBy.MEMBER,
        max_points_month=Decimal("1.00"),
    )

    rows = {row.criterion.code: row for group in draft_of(book).groups for row in group.choices}

    assert (len(rows["W-1"].warnings), rows["W-1"].is_new) == (3, True)
    assert rows[branch.absence.code].warnings == ()


@pytest.mark.parametrize("count", [1, 3])
def test_the_draft_takes_the_same_queries_for_1_and_3(
    branch, client, count, django_assert_num_queries
):
    book = start(branch)
    for _each in range(count):
        CriterionFactory(rule_book=book)
    client.force_login(branch.users["secretary"])
    with django_assert_num_queries(EDIT_QUERIES):
        client.get(reverse("rule_book_edit", args=[book.pk]))


EDIT_QUERIES = 13


# -- submitting and deciding ---------------------------------------------------------------------


def test_submitting_shows_the_differences_first(branch, client):
    book = start(branch)
    client.force_login(branch.users["secretary"])
    address = reverse("submit_rule_book", args=[book.pk])
    assert client.get(address).context["differences"].count == 0

    client.post(address, {"seen": 0})
    book.refresh_from_db()
    assert book.state == "SUBMITTED"
    client.post(reverse("take_back_rule_book", args=[book.pk]))
    book.refresh_from_db()
    assert book.state == "DRAFT"


def test_an_empty_draft_is_not_submitted(branch, client):
    book = start(branch)
    book.criteria.all().delete()
    client.force_login(branch.users["secretary"])
    address = reverse("submit_rule_book", args=[book.pk])

    assert client.get(address).context["obstacle"]
    client.post(address, {"seen": 0})

    book.refresh_from_db()
    assert book.state == "DRAFT"


def test_the_committee_approves_for_the_first_possible_month(branch, client):
    book = submit(branch)
    client.force_login(branch.users["staff"])
    address = reverse("rule_book_approval", args=[book.pk])
    first = client.get(address).context["approving"]["month"].value()

    response = client.post(address, {"verdict": "APPROVE", "month": first})

    book.refresh_from_db()
    assert (response.status_code, book.state) == (302, "APPROVED")
    assert format_month(book.effective_from) == first


@pytest.mark.parametrize(
    ("typed", "form", "field"),
    [
        ({"verdict": "RETURN", "remarks": " "}, "returning", "remarks"),
        ({"verdict": "APPROVE", "month": "2026-10"}, "approving", "month"),
    ],
)
def test_a_verdict_that_is_not_complete_comes_back(branch, client, typed, form, field):
    book = submit(branch)
    client.force_login(branch.users["staff"])

    response = client.post(reverse("rule_book_approval", args=[book.pk]), typed)

    assert (response.status_code, list(response.context[form].errors)) == (422, [field])
    book.refresh_from_db()
    assert book.state == "SUBMITTED"


def test_what_was_decided_is_not_decided_again(branch, client):
    book = approved(branch)
    client.force_login(branch.users["staff"])

    response = client.post(
        reverse("rule_book_approval", args=[book.pk]), {"verdict": "RETURN", "remarks": "晚了"}
    )

    assert response["Location"] == book.get_absolute_url()


# -- differences ---------------------------------------------------------------------------------


def test_differences_go_criterion_by_criterion(branch):
    CategoryCap.objects.create(
        rule_book=branch.book, category=Category.STUDY, max_plus_month=Decimal("3.00")
    )
    book = start(branch)
    book.category_caps.all().delete()
    RuleBook.objects.filter(pk=book.pk).update(pass_line=Decimal("72.00"))
    book.refresh_from_db()
    book.criteria.filter(code=branch.study.code).update(points=Decimal("3.00"), needs_evidence=True)
    book.criteria.filter(code=branch.absence.code).delete()
    added = CriterionFactory(rule_book=book)

    found = differences(branch.book, book)

    study = Category.STUDY.label
    pass_line = RuleBook._meta.get_field("pass_line").verbose_name
    fields = {
        name: Criterion._meta.get_field(name).verbose_name for name in ("points", "needs_evidence")
    }
    assert found.head == [FieldChange(pass_line, "70", "72")]
    assert found.caps == [FieldChange(study, "3", "无")]
    assert (found.added, found.retired) == ([added], [branch.absence])
    assert [(one.criterion.code, one.fields) for one in found.changed] == [
        (
            branch.study.code,
            [
                FieldChange(fields["points"], "2", "3"),
                FieldChange(fields["needs_evidence"], "否", "是"),
            ],
        )
    ]
    assert found.count == 5


def test_members_compare_versions_but_not_with_a_draft(branch, client):
    new, book = approved(branch), branch.book
    in_the_making = start(branch)
    client.force_login(branch.users["member"])

    context = client.get(reverse("rule_book_diff", args=[new.pk])).context

    assert (context["other"], list(context["choices"])) == (book, [book])
    hidden = client.get(reverse("rule_book_diff", args=[in_the_making.pk]))
    assert hidden.status_code == 404


# -- readings and templates -------------------------------------------------------------------------


def test_a_member_marks_the_version_to_come_as_read(branch, client):
    book = approved(branch)
    client.force_login(branch.users["member"])
    assert client.get(book.get_absolute_url()).context["readings"].can_mark

    client.post(reverse("read_rule_book", args=[book.pk]))

    shown = client.get(book.get_absolute_url()).context["readings"]
    assert (shown.can_mark, shown.shows_count) == (False, False)
    assert shown.mine == RuleBookReading.objects.get()


def test_the_branch_committee_sees_names_and_staff_see_counts(branch, client):
    book = branch.book
    RuleBookReading.objects.create(
        rule_book=book, member=branch.people["member"], read_at=timezone.now()
    )

    def shown(who):
        client.force_login(branch.users[who])
        return client.get(book.get_absolute_url()).context["readings"]

    secretary, staff = shown("secretary"), shown("staff")
    unread = {branch.people[name] for name in ("secretary", "deputy", "organiser", "other")}
    assert (secretary.read, secretary.total, set(secretary.unread)) == (1, 5, unread)
    assert (secretary.shows_names, staff.shows_names, staff.read) == (True, False, 1)
    body = client.get(book.get_absolute_url()).content.decode()
    assert branch.people["other"].name not in body


def test_staff_offer_a_template_and_withdraw_it(branch, client):
    client.force_login(branch.users["staff"])
    client.post(reverse("offer_rule_book", args=[branch.book.pk]), {"name": "示范细则"})
    branch.book.refresh_from_db()
    assert (branch.book.offered_by, branch.book.offered_as) == (branch.committee, "示范细则")

    client.post(reverse("withdraw_offer", args=[branch.book.pk]))
    branch.book.refresh_from_db()
    assert (branch.book.offered_by, branch.book.offered_as) == (None, "")


def test_the_list_shows_what_is_in_the_making_to_those_who_work_on_it(branch, client):
    book = submit(branch)

    def shown(who):
        client.force_login(branch.users[who])
        context = client.get(reverse("rule_books")).context
        return context["draft"], context["awaiting"], context["may_start"]

    assert shown("secretary") == (book, [], False)
    assert shown("deputy") == (book, [], False)
    assert shown("staff") == (None, [book], False)
    assert shown("member") == (None, [], False)
    RuleBook.objects.filter(pk=book.pk).delete()
    assert shown("secretary") == (None, [], True)


def test_a_book_in_force_is_not_edited(branch, client):
    client.force_login(branch.users["secretary"])

    response = client.get(reverse("rule_book_edit", args=[branch.book.pk]))

    assert response["Location"] == branch.book.get_absolute_url()
