"""The declaration's pages: happy paths, refusals, and the same queries for 1 and 3 items."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from lib.months import month_of
from points.models import Declaration, Entry, Evidence
from points.services import declaration as declarations
from reviews.services import review as reviewing
from tests.points.uploads import located_picture, office, pdf, upload
from tests.reviews.branch_month import OCTOBER, BranchMonth, at

pytestmark = pytest.mark.django_db

MONTH = reverse("declaration", args=[2026, 10])


@pytest.fixture
def branch(month) -> BranchMonth:
    return month


@pytest.fixture
def member(branch, client):
    client.force_login(branch.users["member"])
    return client


def said(branch, **more) -> dict:
    return {
        "criterion": branch.study.pk,
        "occurred_on": "2026-10-08",
        "times": "1",
        "reason": "领学",
        "seen": branch.sheet("member").revision,
    } | more


def url(branch, name, *more) -> str:
    return reverse(name, args=[branch.sheet("member").pk, *more])


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_my_sheets_are_listed(member):
    response = member.get(reverse("declarations"))

    assert [sheet.month for sheet in response.context["page"]] == [OCTOBER]


@pytest.mark.parametrize("count", [1, 3])
def test_my_sheets_take_the_same_queries_for_1_and_3(
    branch, member, count, django_assert_num_queries
):
    for number in range(1, count):
        Declaration.objects.create(
            member=branch.member,
            branch=branch.branch,
            rule_book=branch.book,
            month=OCTOBER.replace(month=number),
            declare_by=OCTOBER,
        )
    with django_assert_num_queries(LIST_QUERIES):
        assert len(member.get(reverse("declarations")).context["page"]) == count


LIST_QUERIES = 9


@pytest.mark.parametrize("count", [1, 3])
def test_a_sheet_takes_the_same_queries_for_1_and_3_items(
    branch, member, count, django_assert_num_queries
):
    branch.file("member", *[branch.line(day=day) for day in range(1, count + 1)], submit=False)
    for _each in range(count):
        branch.register("member")
    with django_assert_num_queries(SHEET_QUERIES):
        sheet = member.get(MONTH).context["sheet"]
    assert (len(sheet.declared), len(sheet.registered)) == (count, count)


SHEET_QUERIES = 17


def test_an_accounts_without_a_member_has_no_sheets(branch, client):
    client.force_login(branch.users["staff"])

    assert client.get(reverse("declarations")).status_code == 403


@pytest.mark.parametrize("address", ["/declarations/2026/9/", "/declarations/2026/13/"])
def test_a_month_without_a_sheet_is_not_found(member, address):
    assert member.get(address).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("member", 302),
        ("secretary", 200),
        ("deputy", 200),
        ("staff", 200),
        ("other", 404),
        ("secretary elsewhere", 404),
        ("staff elsewhere", 404),
    ],
)
def test_who_sees_a_sheet_by_its_number(branch, client, who, status):
    client.force_login(branch.users[who])

    assert client.get(url(branch, "declaration_of")).status_code == status


@pytest.mark.parametrize(("who", "status"), [("staff", 403), ("other", 404)])
@pytest.mark.parametrize("name", ["add_line", "submit_declaration", "keep_typed"])
def test_the_wrong_person_changes_nothing(branch, client, who, status, name):
    client.force_login(branch.users[who])

    assert client.post(url(branch, name), said(branch)).status_code == status
    assert not Entry.objects.exists()
    assert branch.sheet("member").state == Declaration.State.DRAFT


def test_a_line_is_added_with_its_evidence(branch, member):
    response = member.post(
        url(branch, "add_line"),
        said(branch, photo=upload(located_picture()), papers=[upload(pdf(), "通知.pdf")]),
    )

    assert response.status_code == 302
    entry = Entry.objects.get()
    assert (entry.reason, entry.created_by) == ("领学", branch.users["member"])
    assert [file.name for file in entry.evidence.all()] == ["证明.jpg", "通知.pdf"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"occurred_on": "2026-09-30"}, "occurred_on"),
        ({"occurred_on": "十月八日"}, "occurred_on"),
        ({"times": "0"}, "times"),
        ({"times": "半"}, "times"),
        ({"reason": "  "}, "reason"),
        ({"papers": upload(b"MZ a program", "a.pdf")}, "papers"),
    ],
)
def test_a_wrong_line_is_shown_again_as_it_was_typed(branch, member, wrong, field):
    response = member.post(url(branch, "add_line"), said(branch, **wrong))

    assert response.status_code == 422
    form = response.context["panel"].form
    assert list(form.errors) == [field]
    assert form["criterion"].value() == str(branch.study.pk)
    assert not Entry.objects.exists()


def test_an_item_that_members_do_not_declare_is_refused(branch, member):
    response = member.post(url(branch, "add_line"), said(branch, criterion=branch.absence.pk))

    assert response.status_code == 422
    assert not Entry.objects.exists()


def test_a_stale_form_is_told_and_keeps_what_was_typed(branch, member):
    stale = said(branch, reason="写了很久的理由")
    branch.file("member", branch.line(day=9), submit=False)

    response = member.post(url(branch, "add_line"), stale)

    assert response.status_code == 409
    assert "写了很久的理由" in text(response)
    assert Entry.objects.count() == 1
    again = said(branch, reason="写了很久的理由")
    assert f'name="seen" value="{again["seen"]}"' in text(response)
    assert member.post(url(branch, "add_line"), again).status_code == 302
    assert Entry.objects.count() == 2


def test_a_form_that_is_not_complete_stays_as_stale_as_it_was(branch, member):
    stale = said(branch, reason="")
    branch.file("member", branch.line(day=9), submit=False)

    response = member.post(url(branch, "add_line"), stale)

    assert response.status_code == 422
    form = text(response).split('id="line-form"')[1].split("</form>")[0]
    assert f'name="seen" value="{stale["seen"]}"' in form


def test_a_double_click_adds_once(branch, member):
    twice = said(branch)

    assert member.post(url(branch, "add_line"), twice).status_code == 302
    assert member.post(url(branch, "add_line"), twice).status_code == 302
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("seen", ["", "x", "99999999999999999999", "-1"])
def test_a_form_without_a_revision_is_stale(branch, member, seen):
    assert member.post(url(branch, "add_line"), said(branch, seen=seen)).status_code == 409


def test_a_line_is_changed_and_removed(branch, member):
    branch.file("member", branch.line(), submit=False)
    entry = branch.entry("member")
    page = member.get(MONTH, {"entry": entry.pk})
    assert page.context["panel"].row.entry == entry
    assert page.context["panel"].form["reason"].value() == "学习"

    member.post(url(branch, "change_line", entry.pk), said(branch, reason="改过"))
    assert branch.entry("member").reason == "改过"

    member.post(url(branch, "drop_line", entry.pk), said(branch))
    assert not Entry.objects.exists()


def test_evidence_is_attached_and_dropped(branch, member):
    branch.file("member", branch.line(), submit=False)
    entry = branch.entry("member")

    member.post(url(branch, "attach_evidence", entry.pk), {"papers": upload(office(), "总结.docx")})
    evidence = Evidence.objects.get()
    assert evidence.name == "总结.docx"

    member.post(url(branch, "drop_evidence", evidence.pk))
    assert not Evidence.objects.exists()


@pytest.mark.parametrize("files", [{}, {"papers": upload(b"nothing known", "a.doc")}])
def test_a_file_that_is_no_evidence_is_refused_with_a_word(branch, member, files):
    branch.file("member", branch.line(), submit=False)

    response = member.post(
        url(branch, "attach_evidence", branch.entry("member").pk), files, follow=True
    )

    assert [message.level_tag for message in response.context["messages"]] == ["error"]
    assert not Evidence.objects.exists()


def test_what_is_being_typed_is_kept_and_comes_back(branch, member):
    typed = said(branch, reason="写到一半", occurred_on="")
    answer = member.post(url(branch, "keep_typed"), typed)

    assert answer.json()["saved_at"]
    panel = member.get(MONTH).context["panel"]
    assert panel.is_restored
    assert panel.form["reason"].value() == "写到一半"
    assert not member.get(MONTH, {"pick": "1"}).context["panel"].form

    member.post(url(branch, "keep_typed"))
    assert not member.get(MONTH).context["panel"].form


def test_typing_is_refused_once_the_sheet_is_submitted(branch, member):
    branch.file("member")

    assert member.post(url(branch, "keep_typed"), said(branch)).status_code == 409


def test_the_estimate_counts_the_line_being_typed(branch, member):
    member.post(url(branch, "keep_typed"), said(branch, times="2"))

    response = member.get(MONTH, headers={"HX-Request": "true", "HX-Target": "estimate"})

    assert response.templates[0].name == "points/declaration_estimate.html"
    assert response.context["trial"].score == 84
    assert response.context["sheet"].estimate.score.score == 80


def test_the_form_of_another_item_says_nothing_of_the_line_being_typed(branch, member):
    other = branch.criterion("3.00", "DECLARED")
    member.post(url(branch, "keep_typed"), said(branch))

    assert member.get(MONTH, {"item": branch.study.pk}).context["trial"]
    assert member.get(MONTH, {"item": other.pk}).context["trial"] is None


def test_the_picker_finds_by_initials(branch, member):
    branch.study.text = "撰写学习心得"
    branch.study.save()

    def found(query):
        response = member.get(
            MONTH, {"q": query}, headers={"HX-Request": "true", "HX-Target": "items"}
        )
        return [
            choice.criterion for group in response.context["groups"] for choice in group.choices
        ]

    assert found("zxxxxd") == found("心得") == found("学习 zx") == [branch.study]
    assert found("不存在") == []


def test_a_sheet_is_submitted_and_taken_back(branch, member):
    member.post(url(branch, "submit_declaration"), said(branch))
    assert branch.sheet("member").state == Declaration.State.SUBMITTED

    member.post(url(branch, "take_back_declaration"), said(branch))
    assert branch.sheet("member").state == Declaration.State.DRAFT


def test_one_tap_submits_an_empty_sheet(branch, member):
    page = text(member.get(MONTH))

    assert page.count(reverse("submit_declaration", args=[branch.sheet("member").pk])) == 2


def test_a_take_back_after_the_review_has_started_is_told(branch, member):
    sheet = branch.file("member")
    branch.start()

    response = member.post(
        url(branch, "take_back_declaration"), {"seen": sheet.revision}, follow=True
    )

    assert [message.level_tag for message in response.context["messages"]] == ["error"]
    assert branch.sheet("member").state == Declaration.State.IN_REVIEW


def test_whoever_signs_in_anew_is_led_back_to_the_sheet(branch, member):
    for name in ("add_line", "submit_declaration"):
        assert member.get(url(branch, name)).url.startswith(MONTH)


def test_a_sheet_entered_on_behalf_says_so(branch, client):
    client.force_login(branch.users["secretary"])
    client.post(url(branch, "add_line"), said(branch))
    client.post(url(branch, "submit_declaration"), said(branch))

    sheet = branch.sheet("member")
    assert sheet.entered_by == branch.users["secretary"]
    client.force_login(branch.users["member"])
    assert client.get(MONTH).context["declaration"].entered_by == branch.users["secretary"]


def test_the_committees_items_are_hidden_from_the_branch_committee(branch, client):
    branch.register("member", by="staff", item=branch.item(branch.punished))

    def registered(who, address):
        client.force_login(branch.users[who])
        return len(client.get(address).context["sheet"].registered)

    assert registered("secretary", url(branch, "declaration_of")) == 0
    assert registered("staff", url(branch, "declaration_of")) == 1
    assert registered("member", MONTH) == 1


def test_a_returned_sheet_shows_why(branch, member):
    sheet = branch.file("member", branch.line())
    branch.start()
    branch.decide(branch.entry("member"), by="secretary")
    Declaration.objects.filter(pk=sheet.pk).update(state="RETURNED", return_reason="请补充日期")

    page = text(member.get(MONTH))

    assert "请补充日期" in page
    assert declarations.typed_by(branch.sheet("member"), branch.actor("member")) == {}


def test_the_default_day_is_within_the_month(branch, member):
    initial = member.get(MONTH, {"item": branch.study.pk}).context["panel"].form.initial

    today = timezone.localdate()
    assert initial["occurred_on"] == min(max(today, OCTOBER), at(10, 31).date())


# -- copies, print, remarks, doubles ---------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [("member", 200), ("deputy", 200), ("staff", 200), ("other", 404), ("staff elsewhere", 404)],
)
def test_who_prints_a_sheet(branch, client, who, status):
    client.force_login(branch.users[who])

    assert client.get(url(branch, "declaration_print")).status_code == status


def test_a_sheet_is_printed_with_its_items_and_lines_to_sign(branch, member):
    branch.file("member", branch.line(), submit=False)
    branch.register("member")

    page = member.get(url(branch, "declaration_print"))

    printed = text(page)
    for found in (
        branch.member.name,
        branch.member.staff_no,
        branch.study.text,
        "缺席",
        "本人签字",
    ):
        assert found in printed
    assert (len(page.context["rows"]), list(page.context["blank_rows"])) == (1, [])


@pytest.mark.parametrize(("with_items", "query"), [(True, {"blank": "1"}), (False, {})])
def test_a_blank_form_has_empty_rows_and_what_can_be_declared(branch, member, with_items, query):
    if with_items:
        branch.file("member", branch.line(), submit=False)

    page = member.get(url(branch, "declaration_print"), query)

    assert (page.context["rows"], len(page.context["blank_rows"])) == ([], 8)
    (group,) = page.context["groups"]
    assert [choice.criterion for choice in group.choices] == [branch.study]


@pytest.mark.parametrize("count", [1, 3])
def test_a_printed_sheet_takes_the_same_queries_for_1_and_3_items(
    branch, member, count, django_assert_num_queries
):
    branch.file("member", *[branch.line(day=day) for day in range(1, count + 1)], submit=False)
    with django_assert_num_queries(PRINT_QUERIES):
        page = member.get(url(branch, "declaration_print"))
    assert len(page.context["rows"]) == count


PRINT_QUERIES = 17


def test_a_day_to_come_is_refused_beside_its_field(branch, member):
    november = branch.also(month_of(timezone.localdate()))
    tomorrow = timezone.localdate() + timedelta(days=1)
    if tomorrow.month != november.month.month:
        pytest.skip("no day of this month is to come")
    sheet = november.sheet("member")

    response = member.post(
        reverse("add_line", args=[sheet.pk]),
        said(november, occurred_on=tomorrow.isoformat()),
    )

    assert response.status_code == 422
    assert list(response.context["panel"].form.errors) == ["occurred_on"]


def test_the_line_being_typed_is_warned_of_its_double(branch, member):
    branch.register("member", item=branch.item(branch.study, day=8))
    member.post(url(branch, "keep_typed"), said(branch))

    page = member.get(MONTH, {"item": branch.study.pk})

    assert page.context["double"]


def test_changing_an_item_is_estimated_without_what_it_was(branch, member):
    branch.study.max_points_month = 2
    branch.study.save()
    branch.file("member", branch.line(), submit=False)
    entry = branch.entry("member")
    member.post(url(branch, "keep_typed"), said(branch, entry=entry.pk))

    page = member.get(MONTH, {"entry": entry.pk})

    assert (page.context["trial"].credited, page.context["trial"].cuts) == (2, [])


def test_a_remark_stands_on_the_members_page_and_on_the_home_page(branch, member):
    branch.file("member", branch.line())
    branch.start()
    reviewing.return_sheet(
        pk=branch.round.pk,
        declaration_id=branch.sheet("member").pk,
        reason="",
        remarks={branch.entry("member").pk: "日期与签到表不符"},
        by=branch.actor("secretary"),
        at=at(10, 28),
    )

    assert "日期与签到表不符" in text(member.get(MONTH))
    (to_do,) = member.get(reverse("home")).context["to_dos"]
    one = ngettext("%(count)s item has a remark", "%(count)s items have a remark", 1)
    assert to_do.note == one % {"count": 1}


def test_what_was_entered_on_behalf_says_by_whom_and_can_be_taken_back(branch, member):
    branch.sheet("member")
    declarations.submit(
        pk=branch.sheet("member").pk, seen=0, by=branch.actor("secretary"), at=at(10, 20)
    )

    page = member.get(MONTH)

    assert branch.users["secretary"].display_name in text(page)
    assert page.context["sheet"].can_take_back
