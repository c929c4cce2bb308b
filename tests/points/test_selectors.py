"""What the pages of a sheet rest on: the estimate, what is left, the search, the cuts."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import gettext

from points.files import inspect
from points.models import CategoryCap, Criterion, Declaration
from points.scoring import CATEGORY_MONTH, POINTS_MONTH, POINTS_YEAR, TIMES_MONTH, Cut
from points.selectors.criteria import haystack, initials, search
from points.selectors.cuts import explain_cut, explain_cuts, explain_room, explain_room_briefly
from points.selectors.estimate import Left, Trial, estimate
from points.selectors.sheet import double_of, sheet_of, standing_entries
from points.services import declaration as declarations
from tests.points.uploads import picture
from tests.reviews.branch_month import BranchMonth, at

D = Decimal


def criterion(code: str, text: str) -> Criterion:
    return Criterion(code=code, text=text, category="STUDY")


@pytest.mark.parametrize(
    ("text", "letters"),
    [("撰写学习心得", "zxxxxd"), ("讲党课2次", "jdkc"), ("Python 讲座", "jz"), ("", "")],
)
def test_initials_are_those_of_the_characters(text, letters):
    assert initials(text) == letters


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("", ["XX-04", "ZY-02"]),
        ("xx-04", ["XX-04"]),
        ("心得", ["XX-04"]),
        ("zyfw", ["ZY-02"]),
        ("志愿 服务", ["ZY-02"]),
        ("ZYFW zy-02", ["ZY-02"]),
        ("党课", []),
    ],
)
def test_every_word_of_a_search_must_match(query, codes):
    criteria = [criterion("XX-04", "撰写学习心得"), criterion("ZY-02", "志愿服务")]

    assert [found.code for found in search(criteria, query)] == codes
    assert all(isinstance(haystack(c), str) for c in criteria)


@pytest.mark.parametrize("cap", ["TIMES_MONTH", "POINTS_MONTH", "POINTS_YEAR", "CATEGORY_MONTH"])
def test_a_cut_says_its_limit_and_what_it_took(cap):
    sentence = explain_cut(cap, D("2.50"), D("1.00"), "参加学习教育")

    assert "2.5" in sentence
    assert "1" in sentence


def test_cuts_read_the_same_from_the_scoring_and_from_a_stored_result():
    stored = [{"cap": "POINTS_YEAR", "limit": "6.00", "lost": "0.50"}]

    assert explain_cuts(stored) == explain_cuts([Cut("POINTS_YEAR", D("6.00"), D("0.50"))])


def test_an_unknown_cap_is_an_error():
    with pytest.raises(ValueError):
        explain_cut("NEW_CAP", 1, 1)


def estimated(branch: BranchMonth):
    sheet = branch.sheet("member")
    return estimate(sheet, standing_entries(sheet, branch.actor("member")))


@pytest.mark.django_db
def test_the_estimate_takes_claims_and_registrations_as_they_stand():
    branch = BranchMonth()
    branch.file("member", branch.line(times="2.00"), submit=False)
    branch.register("member")

    assert estimated(branch).score.score == D("78.00")


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "score"), [("IN_REVIEW", "82.00"), ("REVIEWED", "80.00")])
def test_what_was_decided_comes_out_with_the_publication(state, score):
    branch = BranchMonth()
    branch.file("member", branch.line())
    branch.start()
    branch.decide(branch.entry("member"), "REJECTED", by="secretary", reason="无关")
    Declaration.objects.update(state=state)

    sheet = sheet_of(branch.sheet("member"), branch.actor("member"))

    assert sheet.estimate.score.score == D(score)
    assert [row.decision is not None for row in sheet.declared] == [state == "REVIEWED"]
    assert sheet.declared[0].is_decided


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("caps", "left"),
    [
        ({}, Left(None)),
        ({"max_points_month": D("5.00")}, Left(D("3.00"), POINTS_MONTH, D("5.00"))),
        ({"max_times_month": D("2.00")}, Left(D("2.00"), TIMES_MONTH, D("2.00"))),
        ({"max_points_month": D("2.00")}, Left(D("0.00"), POINTS_MONTH, D("2.00"))),
    ],
)
def test_what_is_left_under_the_caps(caps, left):
    branch = BranchMonth()
    Criterion.objects.filter(pk=branch.study.pk).update(**caps)
    branch.study.refresh_from_db()
    branch.file("member", branch.line(), submit=False)

    assert estimated(branch).left(branch.study) == left


@pytest.mark.django_db
def test_the_category_binds_what_is_left_too():
    branch = BranchMonth()
    CategoryCap.objects.create(rule_book=branch.book, category="STUDY", max_plus_month=D("3.00"))
    branch.file("member", branch.line(), submit=False)

    category = str(branch.study.get_category_display())
    cuts = explain_cuts([Cut(CATEGORY_MONTH, D("3.00"), D("1.00"))], category)
    assert estimated(branch).left(branch.study) == Left(D("1.00"), CATEGORY_MONTH, D("3.00"))
    assert estimated(branch).with_line(branch.line(day=20)) == Trial(D("83.00"), D("1.00"), cuts)


@pytest.mark.django_db
def test_months_before_use_up_the_year():
    branch = BranchMonth()
    Criterion.objects.filter(pk=branch.study.pk).update(max_points_year=D("3.00"))
    branch.study.refresh_from_db()
    branch.to("CLOSED")
    later = branch.sheet("member")
    later.pk, later.month = None, date(2026, 11, 1)
    later.save(force_insert=True)

    assert estimate(later, []).left(branch.study).points == D("1.00")


def rooms_of(branch: BranchMonth, criterion: Criterion, **how):
    found = estimated(branch)
    if "without" in how:
        found = found.without(how["without"])
    return [(room.cap, room.limit, room.left) for room in found.rooms(criterion)]


@pytest.mark.django_db
def test_what_is_left_is_said_for_every_cap_by_itself():
    branch = BranchMonth()
    Criterion.objects.filter(pk=branch.study.pk).update(
        max_times_month=D("4.00"), max_points_month=D("6.00"), max_points_year=D("20.00")
    )
    branch.study.refresh_from_db()
    CategoryCap.objects.create(rule_book=branch.book, category="STUDY", max_plus_month=D("9.00"))
    branch.file("member", branch.line(), submit=False)
    branch.register("member", item=branch.item(branch.study))

    assert rooms_of(branch, branch.study) == [
        (TIMES_MONTH, D("4.00"), D("2.00")),
        (POINTS_MONTH, D("6.00"), D("2.00")),
        (POINTS_YEAR, D("20.00"), D("16.00")),
        (CATEGORY_MONTH, D("9.00"), D("5.00")),
    ]
    assert estimated(branch).category_room("STUDY").left == D("5.00")
    assert estimated(branch).category_room("WORK") is None
    entry = branch.sheet("member").entries.get(source="DECLARED")
    assert rooms_of(branch, branch.study, without=entry.pk)[1] == (
        POINTS_MONTH,
        D("6.00"),
        D("4.00"),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["DRAFT", "IN_REVIEW", "RETURNED"])
def test_what_is_left_is_the_same_on_a_returned_sheet(state):
    branch = BranchMonth()
    Criterion.objects.filter(pk=branch.study.pk).update(max_points_month=D("6.00"))
    branch.study.refresh_from_db()
    branch.file("member", branch.line())
    branch.start()
    branch.decide(branch.entry("member"), "REJECTED", by="secretary", reason="不符")
    Declaration.objects.update(state=state)

    assert rooms_of(branch, branch.study) == [(POINTS_MONTH, D("6.00"), D("4.00"))]


@pytest.mark.django_db
def test_an_item_without_caps_has_no_room_to_speak_of():
    branch = BranchMonth()

    assert rooms_of(branch, branch.study) == []


@pytest.mark.django_db
def test_an_item_is_doubled_by_another_of_its_day_and_by_what_the_branch_registered():
    branch = BranchMonth()
    branch.file("member", branch.line(day=8), branch.line(day=8), branch.line(day=9), submit=False)
    branch.register("member", item=branch.item(branch.study, day=9))
    sheet = sheet_of(branch.sheet("member"), branch.actor("member"))
    twice = gettext("This item stands here twice for the same day: the same matter counts once.")
    registered = gettext(
        "The branch has registered this item for the same day: the same matter counts once."
    )

    assert [row.doubles for row in sheet.declared] == [[twice], [twice], [registered]]
    assert (sheet.doubled, [row.doubles for row in sheet.registered]) == (3, [[]])
    assert double_of(sheet, branch.line(day=10)) == ""
    assert double_of(sheet, branch.line(day=9)) == registered
    alone = sheet.declared[2].entry.pk
    assert double_of(sheet, branch.line(day=9), changing=alone) == registered
    assert double_of(sheet, branch.line(day=8), changing=alone) == twice


@pytest.mark.django_db
def test_a_file_is_doubled_across_months_but_not_across_members():
    october = BranchMonth()
    photo = inspect(name="合影.jpg", content=picture(), max_bytes=10**7)

    def attach(month, who, day):
        sheet = month.sheet(who)
        when = at(month.month.month, 20)
        how = {"seen": sheet.revision, "by": month.actor(who), "at": when, "files": [photo]}
        return declarations.add_line(pk=sheet.pk, line=month.line(day=day), **how)

    attach(october, "member", 8)
    attach(october, "other", 8)
    november = october.also(date(2026, 11, 1))
    attach(november, "member", 9)

    sheet = sheet_of(november.sheet("member"), november.actor("member"))
    text = gettext(
        "The same file is attached to “%(item)s” in %(month)s: the same matter counts once."
    ) % {"item": october.study.text, "month": "2026年10月"}
    assert [row.doubles for row in sheet.declared] == [[text]]
    other = sheet_of(october.sheet("other"), october.actor("other"))
    assert [row.doubles for row in other.declared] == [[]]


@pytest.mark.parametrize("cap", [TIMES_MONTH, POINTS_MONTH, POINTS_YEAR, CATEGORY_MONTH])
def test_what_is_left_is_said_with_its_limit(cap):
    sentence = explain_room(cap, D("7.00"), D("2.50"))

    assert "2.5" in sentence
    assert "7" in sentence
    if cap != CATEGORY_MONTH:
        assert "2.5" in explain_room_briefly(cap, D("2.50"))
