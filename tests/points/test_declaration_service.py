"""Filling in a declaration: who may take which step in which state, and what a race leaves."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage

from lib.steps import Refused
from members.models import Notice
from points.files import inspect
from points.models import Decision, Declaration, Entry, Evidence, Remark
from points.selectors.sheet import sheet_of
from points.services import declaration as declarations
from reviews.services import review as reviewing
from tests.points.uploads import pdf, picture
from tests.reviews.branch_month import BranchMonth, at

pytestmark = pytest.mark.django_db

State = Declaration.State
WHEN = at(10, 20)


@pytest.fixture
def branch(month) -> BranchMonth:
    return month


def accepted(content: bytes | None = None, name: str = "证明.jpg"):
    return inspect(name=name, content=content or picture(), max_bytes=10**7)


def put(sheet: Declaration, state: str) -> Declaration:
    """Set a sheet to a state without the way there."""
    sheet.state, sheet.submitted_at = state, WHEN if state != State.DRAFT else None
    sheet.save(update_fields=["state", "submitted_at"])
    return sheet


def add(branch: BranchMonth, name: str = "member", *, by: str = "", **more):
    sheet = branch.sheet(name)
    line = more.pop("line", None) or branch.line()
    how = {"seen": sheet.revision, "by": branch.actor(by or name), "at": WHEN} | more
    return declarations.add_line(pk=sheet.pk, line=line, **how)


def change(branch: BranchMonth, entry: Entry, *, day: int) -> Entry:
    sheet = branch.sheet("member")
    return declarations.change_line(
        pk=sheet.pk,
        entry_id=entry.pk,
        line=branch.line(day=day),
        seen=sheet.revision,
        by=branch.actor("member"),
        at=at(10, 29),
    )


WRITERS = {"member": True, "secretary": True, "deputy": True, "other": False, "staff": False}


@pytest.mark.parametrize("who", WRITERS)
def test_only_the_member_and_the_branch_committee_write(branch, who):
    if WRITERS[who]:
        assert add(branch, by=who).created_by == branch.users[who]
    else:
        with pytest.raises(PermissionDenied):
            add(branch, by=who)


@pytest.mark.parametrize(
    ("state", "is_open"),
    [
        (State.DRAFT, True),
        (State.RETURNED, True),
        (State.SUBMITTED, False),
        (State.MISSING, False),
        (State.IN_REVIEW, False),
        (State.REVIEWED, False),
    ],
)
def test_a_sheet_is_written_as_a_draft_and_when_returned(branch, state, is_open):
    put(branch.sheet("member"), state)

    if is_open:
        add(branch)
    else:
        with pytest.raises(Refused):
            add(branch)
    assert Entry.objects.count() == int(is_open)


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (State.DRAFT, State.SUBMITTED),
        (State.RETURNED, State.IN_REVIEW),
        (State.SUBMITTED, None),
        (State.IN_REVIEW, None),
        (State.REVIEWED, None),
        (State.MISSING, None),
    ],
)
def test_submitting_leads_from_a_draft_to_submitted_and_from_returned_into_review(
    branch, state, after
):
    sheet = put(branch.sheet("member"), state)
    submit = {"pk": sheet.pk, "seen": sheet.revision, "by": branch.actor("member"), "at": WHEN}

    if after:
        assert declarations.submit(**submit).state == after
    else:
        with pytest.raises(Refused):
            declarations.submit(**submit)


@pytest.mark.parametrize(
    ("who", "works"), [("member", True), ("secretary", False), ("other", False), ("staff", False)]
)
def test_only_the_member_takes_a_sheet_back(branch, who, works):
    sheet = branch.file("member")
    back = {"pk": sheet.pk, "seen": sheet.revision, "by": branch.actor(who), "at": WHEN}

    if works:
        assert declarations.take_back(**back).state == State.DRAFT
    else:
        with pytest.raises(PermissionDenied):
            declarations.take_back(**back)


def test_whoever_is_second_in_two_browsers_is_told_and_changes_nothing(branch):
    seen = branch.sheet("member").revision
    add(branch, seen=seen)

    with pytest.raises(Refused):
        add(branch, seen=seen, line=branch.line(day=9))
    assert Entry.objects.count() == 1


def test_a_double_click_adds_once(branch):
    seen = branch.sheet("member").revision

    first = add(branch, seen=seen)
    second = add(branch, seen=seen)

    assert first == second
    assert Entry.objects.count() == 1


def test_the_same_item_from_the_page_as_it_stands_now_is_another_item(branch):
    add(branch)
    add(branch)

    assert Entry.objects.count() == 2


def test_a_second_click_on_submit_or_take_back_changes_nothing(branch):
    sheet, by = branch.sheet("member"), branch.actor("member")
    submit = {"pk": sheet.pk, "seen": sheet.revision, "by": by, "at": WHEN}

    once = declarations.submit(**submit)
    twice = declarations.submit(**submit)
    assert (once.revision, twice.state) == (twice.revision, State.SUBMITTED)

    back = {"pk": sheet.pk, "seen": twice.revision, "by": by, "at": WHEN}
    declarations.take_back(**back)
    assert declarations.take_back(**back).state == State.DRAFT


def test_a_take_back_after_the_review_has_started_is_refused(branch):
    sheet = branch.file("member")
    branch.start()

    with pytest.raises(Refused):
        declarations.take_back(
            pk=sheet.pk, seen=sheet.revision, by=branch.actor("member"), at=at(10, 27)
        )
    assert branch.sheet("member").state == State.IN_REVIEW


def test_what_the_branch_registered_is_not_the_members_to_change(branch):
    branch.register("member")
    sheet, entry = branch.sheet("member"), branch.entry("member")
    how = {"pk": sheet.pk, "seen": sheet.revision, "by": branch.actor("member"), "at": WHEN}

    with pytest.raises(Refused):
        declarations.drop_line(entry_id=entry.pk, **how)
    with pytest.raises(Refused):
        declarations.change_line(entry_id=entry.pk, line=branch.line(), **how)
    assert Decision.objects.get().outcome == Decision.Outcome.APPROVED


def test_a_registered_item_without_evidence_does_not_stop_the_sheet(branch):
    branch.absence.needs_evidence = True
    branch.absence.save()
    branch.register("member")

    assert branch.file("member").state == State.SUBMITTED


def test_a_declared_item_needs_its_evidence_before_the_sheet_is_submitted(branch):
    branch.study.needs_evidence = True
    branch.study.save()
    entry = add(branch)

    with pytest.raises(Refused):
        branch.file("member")
    declarations.attach(
        pk=branch.sheet("member").pk,
        entry_id=entry.pk,
        files=[accepted()],
        by=branch.actor("member"),
        at=WHEN,
    )
    assert branch.file("member").state == State.SUBMITTED


def test_the_paper_form_is_entered_on_behalf_and_the_member_is_told(branch):
    sheet = branch.sheet("member")
    add(branch, by="secretary")
    sheet = declarations.submit(
        pk=sheet.pk, seen=sheet.revision + 1, by=branch.actor("secretary"), at=WHEN
    )

    assert sheet.entered_by == branch.users["secretary"]
    assert Notice.objects.get().user == branch.users["member"]


def test_filing_oneself_tells_nobody(branch):
    assert branch.file("member").entered_by is None
    assert not Notice.objects.exists()


@pytest.mark.parametrize(("day", "is_late"), [(25, False), (26, True)])
def test_a_sheet_is_late_after_the_due_day(branch, day, is_late):
    sheet = branch.sheet("member")

    filed = declarations.submit(
        pk=sheet.pk, seen=sheet.revision, by=branch.actor("member"), at=at(10, day, 23)
    )
    assert filed.is_late is is_late


@pytest.mark.parametrize(("was_filed", "is_late"), [(True, False), (False, True)])
def test_a_returned_sheet_is_late_only_if_it_was_not_filed_in_time(branch, was_filed, is_late):
    sheet = put(branch.sheet("member"), State.RETURNED)
    if not was_filed:
        sheet.submitted_at = None
        sheet.save(update_fields=["submitted_at"])

    filed = declarations.submit(
        pk=sheet.pk, seen=sheet.revision, by=branch.actor("member"), at=at(10, 29)
    )
    assert filed.is_late is is_late


def test_a_decided_item_is_changed_by_withdrawing_it(branch):
    entry = add(branch, files=[accepted()])
    branch.file("member")
    branch.start()
    branch.decide(entry, "REJECTED", by="secretary", reason="请写清楚")
    sheet = put(branch.sheet("member"), State.RETURNED)

    new = change(branch, entry, day=10)

    assert list(sheet.entries.standing()) == [new]
    assert Entry.objects.count() == 2
    assert [file.entry_id for file in Evidence.objects.order_by("pk")] == [entry.pk, new.pk]


def test_the_line_being_typed_is_kept_for_each_person_apart(branch):
    sheet = branch.sheet("member")
    for name, text in (("member", "我的"), ("secretary", "代填")):
        declarations.keep_typed(pk=sheet.pk, typed={"reason": text}, by=branch.actor(name), at=WHEN)

    sheet = branch.sheet("member")
    assert declarations.typed_by(sheet, branch.actor("member")) == {"reason": "我的"}
    assert declarations.typed_by(sheet, branch.actor("secretary")) == {"reason": "代填"}
    assert sheet.revision == 0

    add(branch)
    sheet = branch.sheet("member")
    assert declarations.typed_by(sheet, branch.actor("member")) == {}
    assert declarations.typed_by(sheet, branch.actor("secretary")) == {"reason": "代填"}


# -- evidence --------------------------------------------------------------------------------


def stored(evidence: Evidence) -> bool:
    return default_storage.exists(evidence.file.name)


def test_the_same_file_twice_on_one_item_is_one(branch):
    entry = add(branch, files=[accepted(), accepted()])
    declarations.attach(
        pk=branch.sheet("member").pk,
        entry_id=entry.pk,
        files=[accepted()],
        by=branch.actor("member"),
        at=WHEN,
    )

    evidence = Evidence.objects.get()
    assert stored(evidence)
    assert evidence.file.name == f"evidence/{evidence.sha256[:2]}/{evidence.sha256}.jpg"


def test_a_shared_file_outlives_one_of_its_items(branch, django_capture_on_commit_callbacks):
    first = add(branch, files=[accepted(pdf())])
    second = add(branch, line=branch.line(day=9), files=[accepted(pdf())])
    kept = second.evidence.get()

    def drop(entry):
        sheet = branch.sheet("member")
        with django_capture_on_commit_callbacks(execute=True):
            declarations.drop_line(
                pk=sheet.pk,
                entry_id=entry.pk,
                seen=sheet.revision,
                by=branch.actor("member"),
                at=WHEN,
            )

    drop(first)
    assert stored(kept)
    drop(second)
    assert not stored(kept)


def test_a_file_is_dropped_while_the_sheet_can_be_written(
    branch, django_capture_on_commit_callbacks
):
    entry = add(branch, files=[accepted(picture(colour="blue"))])
    evidence = entry.evidence.get()
    drop = {
        "pk": branch.sheet("member").pk,
        "evidence_id": evidence.pk,
        "by": branch.actor("member"),
        "at": WHEN,
    }

    with django_capture_on_commit_callbacks(execute=True):
        declarations.detach(**drop)
        declarations.detach(**drop)

    assert not Evidence.objects.exists()
    assert not stored(evidence)


def test_too_many_files_on_one_item_are_refused(branch):
    files = [accepted(picture("PNG", colour=f"#0000{number:02x}")) for number in range(10)]

    with pytest.raises(Refused):
        add(branch, files=files)
    assert not Evidence.objects.exists()


def test_points_are_claimed_as_the_rule_says(branch):
    assert add(branch, line=branch.line(times="3.00")).claimed_points == Decimal("6.00")


# -- dates, lateness, taking back -------------------------------------------------------------


@pytest.mark.parametrize("day", [21, 31])
def test_what_has_not_happened_yet_is_not_declared(branch, day):
    with pytest.raises(Refused):
        add(branch, line=branch.line(day=day))
    assert not Entry.objects.exists()


def test_what_happened_today_is_declared(branch):
    assert add(branch, line=branch.line(day=20)).occurred_on.day == 20


@pytest.mark.parametrize(
    ("state", "was_filed", "was_late", "today", "late"),
    [
        (State.DRAFT, False, False, 25, False),
        (State.DRAFT, False, False, 26, True),
        (State.RETURNED, True, False, 29, False),
        (State.RETURNED, True, True, 20, True),
        (State.RETURNED, False, False, 29, True),
    ],
)
def test_a_page_says_late_as_the_submission_will(branch, state, was_filed, was_late, today, late):
    sheet = branch.sheet("member")
    sheet.state, sheet.is_late = state, was_late
    sheet.submitted_at = WHEN if was_filed else None

    assert declarations.would_be_late(sheet, today=branch.day(today)) is late


@pytest.mark.parametrize(
    ("who", "works"), [("member", True), ("secretary", True), ("deputy", False), ("other", False)]
)
def test_whoever_entered_a_paper_form_takes_back_a_slip(branch, who, works):
    sheet = branch.sheet("member")
    sheet = declarations.submit(
        pk=sheet.pk, seen=sheet.revision, by=branch.actor("secretary"), at=WHEN
    )
    back = {"pk": sheet.pk, "seen": sheet.revision, "by": branch.actor(who), "at": WHEN}

    if works:
        taken = declarations.take_back(**back)
        assert (taken.state, taken.entered_by) == (State.DRAFT, None)
    else:
        with pytest.raises(PermissionDenied):
            declarations.take_back(**back)


# -- remarks ----------------------------------------------------------------------------------


def returned(branch):
    """The member's sheet of one item, returned with a remark on it."""
    entry = add(branch, files=[accepted()])
    branch.file("member")
    branch.start()
    reviewing.return_sheet(
        pk=branch.round.pk,
        declaration_id=branch.sheet("member").pk,
        reason="",
        remarks={entry.pk: "日期与签到表不符"},
        by=branch.actor("secretary"),
        at=at(10, 28),
    )
    return entry


def test_an_item_that_was_remarked_on_stays_readable_when_it_is_removed(
    branch, django_capture_on_commit_callbacks
):
    entry = returned(branch)
    evidence, sheet = entry.evidence.get(), branch.sheet("member")

    with django_capture_on_commit_callbacks(execute=True):
        declarations.drop_line(
            pk=sheet.pk,
            entry_id=entry.pk,
            seen=sheet.revision,
            by=branch.actor("member"),
            at=at(10, 29),
        )

    assert not sheet.entries.standing().exists()
    assert Remark.objects.get().entry == entry
    assert not stored(evidence)


def test_a_remark_stands_beside_its_item_until_the_sheet_is_filed_again(branch):
    entry = returned(branch)
    sheet, by = branch.sheet("member"), branch.actor("member")
    assert [str(one) for one in sheet_of(sheet, by).declared[0].remarks] == ["日期与签到表不符"]

    change(branch, entry, day=9)
    sheet = declarations.submit(pk=sheet.pk, seen=sheet.revision + 1, by=by, at=at(10, 29))
    assert sheet_of(sheet, by).remarked == 0

    put(sheet, State.RETURNED)
    sheet.submitted_at = at(10, 29)
    assert sheet_of(sheet, by).remarked == 0


def test_a_remark_on_what_was_declared_anew_is_shown_apart(branch):
    entry = returned(branch)
    Decision.objects.create(
        entry=entry,
        outcome="REJECTED",
        reason="不符",
        decided_by=branch.users["secretary"],
        decided_at=at(10, 28),
    )
    change(branch, entry, day=9)

    shown = sheet_of(branch.sheet("member"), branch.actor("member"))
    assert (len(shown.declared[0].remarks), [one.entry for one in shown.gone_remarks]) == (
        0,
        [entry],
    )
