"""A rule book from draft to approval: who may, in which state, and what comes of it."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from lib.steps import Refused
from members.models import Event, Notice, Position
from members.rights import actor_on
from points.models import Category, CategoryCap, RuleBook, RuleBookReading
from points.selectors.rule_book import sources_for
from points.services.rule_book import approval, draft, reading, rows
from points.workflow import RULE_BOOK_STEPS
from tests.factories import (
    BranchFactory,
    CriterionFactory,
    MemberFactory,
    StaffAppointmentFactory,
)
from tests.reviews.branch_month import DAY, OCTOBER, BranchMonth, at

pytestmark = pytest.mark.django_db

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
NOW = at(10, 20)
STATES = ["DRAFT", "SUBMITTED", "RETURNED", "APPROVED", "SUPERSEDED"]
EVERYBODY = ["member", "deputy", "secretary", "staff", "secretary elsewhere", "staff elsewhere"]
MAKE = ["edit", "submit", "discard"]
NOBODY: dict[str, list[str]] = {name: [] for name in EVERYBODY}
OPEN_STEPS = {
    "DRAFT": NOBODY | {"secretary": MAKE},
    "RETURNED": NOBODY | {"secretary": MAKE},
    "SUBMITTED": NOBODY | {"secretary": ["take_back"], "staff": ["approve", "return"]},
    "APPROVED": NOBODY | {"staff": ["offer"]},
    "SUPERSEDED": NOBODY,
}


def start(month, who="secretary", source="the one in force") -> RuleBook:
    source = month.book if source == "the one in force" else source
    return draft.start(branch=month.branch, source=source, by=month.actor(who), at=NOW)


def submit(month, book, who="secretary") -> RuleBook:
    book.refresh_from_db()
    return draft.submit(pk=book.pk, seen=book.revision, by=month.actor(who), at=NOW)


def give_back(month, book, who="staff", remarks="ZZ-01 分值偏高，请调整") -> RuleBook:
    return approval.return_book(pk=book.pk, remarks=remarks, by=month.actor(who), at=NOW)


def approve(month, book, who="staff", on=NOVEMBER) -> RuleBook:
    return approval.approve(pk=book.pk, month=on, by=month.actor(who), at=NOW)


def bring_to(month, state) -> RuleBook:
    book = start(month)
    if state == "DRAFT":
        return book
    book = submit(month, book)
    if state == "RETURNED":
        book = give_back(month, book)
    elif state in ("APPROVED", "SUPERSEDED"):
        book = approve(month, book)
    if state == "SUPERSEDED":
        approve(month, submit(month, start(month)))
        book.refresh_from_db()
    assert book.state == state
    return book


def open_steps(month, name, book):
    drafter = draft.drafter_of(month.actor(name), month.branch.pk, DAY)
    return [step.name for step in RULE_BOOK_STEPS.open_to(drafter, book)]


# -- who may -------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_open_steps_follow_person_and_state(month, state):
    book = bring_to(month, state)

    assert {name: open_steps(month, name, book) for name in EVERYBODY} == OPEN_STEPS[state]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("who", EVERYBODY)
def test_services_refuse_what_the_table_refuses(month, state, who):
    book = bring_to(month, state)
    allowed = OPEN_STEPS[state][who]
    how = {"pk": book.pk, "by": month.actor(who), "at": NOW}
    acts = {
        "edit": lambda: rows.restore_criterion(code=month.study.code, seen=book.revision, **how),
        "submit": lambda: draft.submit(seen=book.revision, **how),
        "discard": lambda: draft.discard(seen=book.revision, **how),
        "take_back": lambda: draft.take_back(**how),
        "approve": lambda: approval.approve(month=DECEMBER, **how),
        "return": lambda: approval.return_book(remarks="请修改", **how),
        "offer": lambda: approval.offer(name="示范细则", **how),
    }
    book.criteria.filter(code=month.study.code).delete()

    assert [name for name, act in acts.items() if succeeds(act)] == allowed


def succeeds(act) -> bool:
    """Whether a step goes through; it is taken back either way."""
    try:
        with transaction.atomic():
            act()
            transaction.set_rollback(True)
    except (Refused, PermissionDenied):
        return False
    return True


def test_staff_draft_in_place_of_a_missing_secretary_but_others_approve():
    month = BranchMonth(bench=("deputy",))
    colleague = StaffAppointmentFactory(committee=month.committee).user
    book = submit(month, start(month, "staff"), "staff")

    assert open_steps(month, "staff", book) == ["take_back"]
    with pytest.raises(PermissionDenied):
        approve(month, book)
    approved = approval.approve(pk=book.pk, month=NOVEMBER, by=actor_on(colleague, DAY), at=NOW)
    assert approved.state == "APPROVED"


def test_staff_who_submitted_as_secretary_do_not_approve(month):
    StaffAppointmentFactory(committee=month.committee, user=month.users["secretary"])
    book = submit(month, start(month))

    with pytest.raises(PermissionDenied):
        approve(month, book, "secretary")


def test_a_former_secretary_drafts_no_more(month):
    Position.objects.filter(member=month.people["secretary"]).update(ends_on=date(2026, 10, 19))

    with pytest.raises(PermissionDenied):
        start(month)


# -- starting --------------------------------------------------------------------------------


def content(book):
    names = (*draft.CRITERION_FIELDS, "sort_order")
    return (
        [getattr(book, name) for name in draft.HEAD_FIELDS],
        list(book.criteria.values_list(*names)),
        list(book.category_caps.values_list("category", "max_plus_month")),
    )


def test_a_draft_is_a_copy_of_its_source(month):
    CategoryCap.objects.create(
        rule_book=month.book, category=Category.STUDY, max_plus_month=Decimal("3.00")
    )

    book = start(month)

    book.refresh_from_db()
    assert (book.state, book.version, book.based_on, book.effective_from) == (
        "DRAFT",
        2,
        month.book,
        None,
    )
    assert content(book) == content(month.book)
    assert RuleBook.objects.in_force(DECEMBER).get(branch=month.branch) == month.book


def test_starting_twice_is_once_and_a_second_draft_is_refused(month):
    book = start(month)

    assert start(month) == book
    with pytest.raises(Refused):
        start(month, source=None)
    assert RuleBook.objects.in_the_making().count() == 1


def test_an_empty_draft_needs_a_pass_line_and_a_criterion(month):
    book = start(month, source=None)
    with pytest.raises(Refused):
        submit(month, book)
    RuleBook.objects.filter(pk=book.pk).update(pass_line=Decimal("70.00"))
    with pytest.raises(Refused):
        submit(month, book)
    CriterionFactory(rule_book=book)

    assert submit(month, book).state == "SUBMITTED"


def test_templates_reach_the_branches_below_until_they_are_withdrawn(month):
    elsewhere = month.people["secretary elsewhere"]
    other = BranchFactory(committee=month.committee)
    secretary = MemberFactory(branch=other, position=(other, Position.Kind.SECRETARY))
    how = {"pk": month.book.pk, "by": month.actor("staff"), "at": NOW}

    approval.offer(name="示范细则", **how)

    actor = actor_on(secretary.user, DAY)
    assert list(sources_for(other)) == [month.book]
    assert month.book in RuleBook.objects.visible_to(actor)
    assert month.book not in RuleBook.objects.visible_to(actor_on(elsewhere.user, DAY))
    copy = draft.start(branch=other, source=month.book, by=actor, at=NOW)
    assert (copy.branch, copy.version, content(copy)) == (other, 1, content(month.book))
    approval.withdraw_offer(**how)
    assert list(sources_for(other)) == []
    with pytest.raises(Refused):
        draft.start(branch=BranchFactory(), source=month.book, by=month.actor("system"), at=NOW)


def test_a_member_reads_a_version_to_come_but_no_draft(month):
    book = start(month)
    mine = RuleBook.objects.visible_to(month.actor("member"))
    assert list(mine) == [month.book]

    approve(month, submit(month, book))

    assert set(mine.all()) == {month.book, book}


# -- editing ---------------------------------------------------------------------------------


def edit(month, act, book, **more):
    book.refresh_from_db()
    return act(pk=book.pk, seen=book.revision, by=month.actor("secretary"), at=NOW, **more)


def codes(book):
    return list(book.criteria.values_list("code", flat=True))


def test_rows_are_added_changed_moved_retired_and_restored(month):
    book = start(month)
    old = codes(book)
    values = {name: getattr(month.study, name) for name in draft.CRITERION_FIELDS}

    added = edit(month, rows.save_criterion, book, values=values | {"code": "NEW"})
    assert codes(book) == [*old, "NEW"]
    edit(
        month,
        rows.save_criterion,
        book,
        values=values | {"code": "NEW", "points": Decimal("3.00")},
        criterion_id=added.pk,
    )
    assert book.criteria.get(code="NEW").points == Decimal("3.00")
    edit(month, rows.move_criterion, book, criterion_id=added.pk, up=True)
    assert codes(book) == [*old[:-1], "NEW", old[-1]]
    edit(month, rows.move_criterion, book, criterion_id=added.pk, up=False)
    edit(month, rows.move_criterion, book, criterion_id=added.pk, up=False)
    assert codes(book) == [*old, "NEW"]
    edit(month, rows.retire_criterion, book, criterion_id=book.criteria.get(code=old[0]).pk)
    assert codes(book) == [*old[1:], "NEW"]
    edit(month, rows.restore_criterion, book, code=old[0])
    assert sorted(codes(book)) == sorted([*old, "NEW"])
    assert content(month.book)[1] == list(
        month.book.criteria.values_list(*draft.CRITERION_FIELDS, "sort_order")
    )


def test_moving_stays_within_the_category(month):
    book = start(month)
    other = CriterionFactory(rule_book=book, category=Category.WORK, sort_order=999)
    before = codes(book)

    edit(month, rows.move_criterion, book, criterion_id=other.pk, up=True)

    assert codes(book) == before


def test_the_head_and_the_caps_are_changed_together(month):
    book = start(month)

    edit(
        month,
        rows.change_head,
        book,
        values={"pass_line": Decimal("72.00"), "goals": "新目标"},
        caps={"STUDY": Decimal("3.00"), "WORK": None},
    )

    book.refresh_from_db()
    caps = list(book.category_caps.values_list("category", "max_plus_month"))
    assert (book.pass_line, book.goals, book.revision, caps) == (
        Decimal("72.00"),
        "新目标",
        1,
        [("STUDY", Decimal("3.00"))],
    )


def test_a_stale_page_changes_nothing(month):
    book = start(month)
    how = {"pk": book.pk, "seen": book.revision, "by": month.actor("secretary"), "at": NOW}
    first, second = book.criteria.all()[:2]
    rows.retire_criterion(criterion_id=first.pk, **how)

    for act in (
        lambda: rows.retire_criterion(criterion_id=second.pk, **how),
        lambda: rows.move_criterion(criterion_id=second.pk, up=True, **how),
        lambda: rows.change_head(values={"pass_line": Decimal(1)}, caps={}, **how),
        lambda: draft.submit(**how),
        lambda: draft.discard(**how),
    ):
        assert not succeeds(act)

    book.refresh_from_db()
    assert (book.revision, book.criteria.count()) == (1, 3)


def test_a_discarded_draft_leaves_its_events_and_the_number_free(month):
    book = start(month)

    edit(month, draft.discard, book)

    assert RuleBook.objects.filter(branch=month.branch).get() == month.book
    assert list(
        Event.objects.filter(branch=month.branch, target_type="rulebook")
        .order_by("pk")
        .values_list("verb", flat=True)
    ) == ["draft_rule_book", "discard_rule_book"]
    with pytest.raises(Refused):
        draft.discard(pk=book.pk, seen=0, by=month.actor("secretary"), at=NOW)


# -- the committee ------------------------------------------------------------------------------


def told(user):
    return list(Notice.objects.filter(user=user).values_list("url", flat=True))


def test_the_nearest_committee_with_staff_is_told_of_a_draft(month):
    book = submit(month, start(month))

    assert told(month.users["staff"]) == [f"/rules/{book.pk}/approval/"]
    assert told(month.users["staff elsewhere"]) == []


def test_returning_needs_remarks_and_tells_the_secretary(month):
    book = submit(month, start(month))
    with pytest.raises(Refused):
        give_back(month, book, remarks="  ")

    book = give_back(month, book)

    assert (book.state, book.remarks) == ("RETURNED", "ZZ-01 分值偏高，请调整")
    assert told(month.users["secretary"]) == [f"/rules/{book.pk}/edit/"]
    again = submit(month, book)
    assert (again.state, again.remarks) == ("SUBMITTED", "ZZ-01 分值偏高，请调整")


def test_approval_tells_every_member_once_and_ends_the_version_of_the_same_month(month):
    first = approve(month, submit(month, start(month)))
    second = approve(month, submit(month, start(month)))

    first.refresh_from_db()
    assert (first.state, second.state, second.effective_from) == (
        "SUPERSEDED",
        "APPROVED",
        NOVEMBER,
    )
    assert RuleBook.objects.in_force(OCTOBER).get(branch=month.branch) == month.book
    assert RuleBook.objects.in_force(NOVEMBER).get(branch=month.branch) == second
    assert told(month.users["member"]) == [f"/rules/{one.pk}/" for one in (second, first)]
    assert told(month.users["secretary elsewhere"]) == []


@pytest.mark.parametrize("on", [date(2026, 9, 1), OCTOBER, date(2028, 1, 1)])
def test_only_a_month_that_is_not_open_yet_can_be_chosen(month, on):
    book = submit(month, start(month))

    with pytest.raises(Refused):
        approve(month, book, on=on)

    book.refresh_from_db()
    assert book.state == "SUBMITTED"


def test_the_first_possible_month_follows_the_last_opened_one(month):
    assert approval.possible_months(month.branch, today=DAY)[0] == NOVEMBER
    month.also(NOVEMBER)
    assert approval.possible_months(month.branch, today=DAY)[0] == DECEMBER
    assert approval.possible_months(BranchFactory(), today=DAY)[0] == OCTOBER


def test_a_round_keeps_its_version(month):
    approve(month, submit(month, start(month)))

    november = month.also(NOVEMBER)

    month.round.refresh_from_db()
    assert (month.round.rule_book_id, november.round.rule_book.version) == (month.book.pk, 2)


# -- readings ----------------------------------------------------------------------------------


def test_reading_is_noted_once(month):
    for _time in range(2):
        reading.mark_as_read(book=month.book, by=month.actor("member"), at=NOW)

    assert list(RuleBookReading.objects.values_list("rule_book", "member", "read_at")) == [
        (month.book.pk, month.people["member"].pk, NOW)
    ]


@pytest.mark.parametrize("who", ["staff", "secretary elsewhere"])
def test_only_members_of_the_branch_mark_it(month, who):
    with pytest.raises(PermissionDenied):
        reading.mark_as_read(book=month.book, by=month.actor(who), at=NOW)


def test_a_version_to_come_is_marked_and_a_superseded_one_is_not(month):
    book = bring_to(month, "APPROVED")
    reading.mark_as_read(book=book, by=month.actor("member"), at=NOW)
    RuleBook.objects.filter(pk=book.pk).update(state="SUPERSEDED")
    book.refresh_from_db()

    with pytest.raises(Refused):
        reading.mark_as_read(book=book, by=month.actor("secretary"), at=NOW)
    assert RuleBookReading.objects.count() == 1
