"""Talks and interviews: recorded, answered by the member, put right, checked and closed."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import Event, Notice, Position, StaffAppointment
from members.rights import system_actor
from points.files import inspect
from reviews.models import (
    FollowUp,
    FollowUpFile,
    FollowUpRecord,
    Rectification,
    RectificationCheck,
    RectificationStep,
)
from reviews.services import records, rectification
from reviews.services.duties import duty_of, name_holder
from reviews.workflow import FOLLOW_UP_STEPS
from tests.factories import MemberFactory
from tests.points.uploads import picture
from tests.reviews.sitting_world import AT, HELD, SHANGHAI, Kind, Sittings, letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Sittings:
    return Sittings()


# -- who, what, when: the table of steps -----------------------------------------------------

STATES = ("OPEN", "RECORDED", "DISPUTED", "CONFIRMED", "RECTIFYING", "CLOSED")
NAMES = (
    "member",
    "secretary",
    "deputy",
    "other",
    "secretary elsewhere",
    "staff",
    "staff elsewhere",
)
MAY = {
    # step: who may on the secretary's talk, who may on the deputy's interview
    "record": ({"secretary"}, {"deputy", "staff"}),
    "confirm": ({"member"}, {"member"}),
    "dispute": ({"member"}, {"member"}),
    "confirm_on_paper": ({"secretary"}, {"deputy", "staff"}),
    "let_stand": ({"staff"}, {"staff"}),
    "add_step": ({"member", "secretary", "staff"}, {"member", "deputy", "staff"}),
    "hand_in": ({"member", "secretary", "staff"}, {"member", "deputy", "staff"}),
    "check": ({"secretary", "staff"}, {"deputy", "staff"}),
    "close": ({"secretary", "staff"}, {"deputy", "staff"}),
}
WHEN = {
    "record": {"OPEN", "RECORDED", "DISPUTED"},
    "confirm": {"RECORDED"},
    "dispute": {"RECORDED"},
    "confirm_on_paper": {"RECORDED"},
    "let_stand": {"DISPUTED"},
    "add_step": {"RECTIFYING"},
    "hand_in": {"RECTIFYING"},
    "check": {"RECTIFYING"},
    "close": {"CONFIRMED"},
}


def take(world, row, step, by):
    """Take a step with all it needs."""
    if step == "record":
        seen = row.records.count()
        return world.record(row, world.sitting(said=f"由{by}记录"), by=by, seen=seen)
    name = {"confirm_on_paper": "on_paper"}.get(step, step)
    if step == "hand_in":
        RectificationStep.objects.get_or_create(
            rectification=Rectification.objects.filter(follow_up=row).first(),
            number=1,
            defaults={
                "text": "补学",
                "done_on": HELD,
                "written_by": world.user("member"),
                "written_at": AT,
            },
        ) if row.state == "RECTIFYING" else None
    return getattr(world, name)(row, by=by)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ["talk", "interview"])
def test_every_step_is_open_to_whom_the_table_says(world, kind, state):
    row = world.to(state, getattr(world, kind))

    for name in NAMES:
        duty = duty_of(world.actor(name), row, AT.date())
        for step, may in MAY.items():
            allowed = name in may[kind == "interview"]
            assert FOLLOW_UP_STEPS[step].may(duty, row) == allowed, (step, name)
            is_open = allowed and state in WHEN[step]
            assert FOLLOW_UP_STEPS.is_open(step, duty, row) == is_open, (step, name)


@pytest.mark.parametrize("step", MAY)
def test_services_ask_the_table(world, step):
    row = world.to(min(WHEN[step]))

    for name in ("other", "deputy", "secretary elsewhere", "staff elsewhere"):
        with pytest.raises(PermissionDenied):
            take(world, row, step, name)
    take(world, row, step, sorted(MAY[step][0])[0])

    row.refresh_from_db()
    assert Event.objects.filter(verb=step, target_id=row.pk).count() >= 1


@pytest.mark.parametrize("step", sorted(set(MAY) - {"confirm"}))  # twice is once
def test_nothing_is_done_to_what_is_closed(world, step):
    row = world.to("CLOSED")

    with pytest.raises(Refused):
        take(world, row, step, sorted(MAY[step][0])[-1])


def test_nobody_acts_for_the_organisation_on_their_own_talk(world):
    """The secretary's own talk, and one with a person who works for the committee."""
    own = world.demanded(
        Kind.TALK, holder=None, month=date(2026, 9, 1), member=world.people["secretary"]
    )
    for name in ("secretary", "member"):
        StaffAppointment.objects.create(user=world.user(name), committee=world.branch.committee)
    FollowUp.objects.filter(pk=world.talk.pk).update(holder=world.member)
    world.talk.refresh_from_db()

    organisation = set(MAY) - {"confirm", "dispute", "add_step", "hand_in"}
    for row, who in ((own, "secretary"), (world.talk, "member")):
        duty = duty_of(world.actor(who), row, AT.date())
        open_to_them = {step.name for step in FOLLOW_UP_STEPS if step.may(duty, row)}
        assert not open_to_them & organisation, who


# -- recording -------------------------------------------------------------------------------


def test_a_record_asks_the_member_and_sets_the_day_of_the_answer(world):
    kept = world.record(sitting=world.measures("secretary", "deputy", present="记录人：李敏"))

    world.talk.refresh_from_db()
    assert (world.talk.state, kept.number, kept.answer) == ("RECORDED", 1, "AWAITED")
    assert kept.answer_by == date(2026, 10, 28)  # five working days
    assert records.holders_of(kept) == (
        world.people["secretary"].pk,
        world.people["deputy"].pk,
    )
    (notice,) = Notice.objects.filter(user=world.user("member"))
    assert "谈了" not in notice.subject
    assert notice.url == world.talk.get_absolute_url()


def test_whoever_holds_a_talk_without_holder_has_it_from_then_on(world):
    FollowUp.objects.filter(pk=world.talk.pk).update(holder=None)

    world.record()

    world.talk.refresh_from_db()
    assert world.talk.holder == world.people["secretary"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"held_on": date(2026, 10, 22)},
        {"held_on": date(2026, 8, 31)},
        {"said": " "},
        {"place": ""},
        {"rectify_by": date(2026, 11, 10)},
        {"rectify_by": AT.date(), "measures": "补学"},
        {"rectify_by": date(2027, 10, 22), "measures": "补学"},
    ],
)
def test_a_record_that_cannot_be_is_refused(world, wrong):
    with pytest.raises(Refused):
        world.record(sitting=world.sitting(**wrong))

    assert not FollowUpRecord.objects.exists()


@pytest.mark.parametrize("holders", [(), ("member",), ("secretary", "member")])
def test_somebody_else_than_the_member_holds_it(world, holders):
    held_by = tuple(world.people[name].pk for name in holders)

    with pytest.raises(Refused):
        world.record(sitting=replace(world.sitting(), held_by=held_by))


def test_the_day_after_the_month_is_the_first_on_which_it_can_be_held(world):
    world.record(sitting=world.sitting(held_on=date(2026, 9, 1)))

    assert FollowUpRecord.objects.get().held_on == date(2026, 9, 1)


def test_recording_again_writes_a_new_row_and_asks_anew(world):
    world.record()
    world.dispute()
    again = world.record(sitting=world.sitting(said="更正后的内容"), seen=1)

    world.talk.refresh_from_db()
    assert (world.talk.state, again.number) == ("RECORDED", 2)
    rows = FollowUpRecord.objects.values_list("number", "is_current", "answer", "said")
    assert list(rows) == [
        (1, False, "DISPUTED", "谈了积分偏低的原因"),
        (2, True, "AWAITED", "更正后的内容"),
    ]


def test_a_double_click_records_once_and_a_second_person_is_told(world):
    first = world.record()
    assert world.record() == first
    with pytest.raises(Refused, match=world.people["secretary"].name):
        world.record(sitting=world.sitting(said="另一种说法"))

    assert FollowUpRecord.objects.count() == 1
    assert Event.objects.filter(verb="record").count() == 1


def test_the_same_words_after_a_dispute_are_a_new_record_that_is_asked_about(world):
    world.record()
    world.dispute()
    again = world.record(seen=1)
    assert world.record(seen=1) == again  # a double click

    world.talk.refresh_from_db()
    assert (world.talk.state, again.number, again.answer) == ("RECORDED", 2, "AWAITED")
    assert Notice.objects.filter(user=world.user("member"), key=f"record:{again.pk}").exists()
    assert FollowUpRecord.objects.count() == 2


# -- the member's answer ---------------------------------------------------------------------


def test_confirming_ends_it_or_begins_what_is_to_be_put_right(world):
    world.record()
    world.record(world.interview, world.measures("deputy"), by="deputy")
    for row in (world.talk, world.interview):
        world.confirm(row)
        world.confirm(row)  # a double click

    assert list(FollowUp.objects.order_by("pk").values_list("state", flat=True)) == [
        "CONFIRMED",
        "RECTIFYING",
    ]
    (begun,) = Rectification.objects.all()
    assert (begun.follow_up, begun.due_on) == (world.interview, date(2026, 11, 10))
    assert Event.objects.filter(verb="confirm").count() == 2
    assert Notice.objects.filter(key=f"rectify:{world.interview.pk}").exists()


@pytest.mark.parametrize("step", ["confirm", "dispute", "on_paper"])
def test_only_the_record_that_was_read_is_answered(world, step):
    world.record()
    world.record(sitting=world.sitting(said="更正"), seen=1)

    with pytest.raises(Refused):
        getattr(world, step)(seen=1)

    assert set(FollowUpRecord.objects.values_list("answer", flat=True)) == {"AWAITED"}


def test_a_dispute_needs_a_reason_and_tells_who_held_it_and_the_committee(world):
    world.record()
    with pytest.raises(Refused):
        world.dispute(reason=" ")
    world.dispute()
    world.dispute()

    key = f"disputed:{FollowUpRecord.objects.get().pk}"
    told = set(Notice.objects.filter(key=key).values_list("user", flat=True))
    assert told == {world.user(name).pk for name in ("secretary", "staff", "second staff")}
    assert Event.objects.filter(verb="dispute").count() == 1


def test_other_words_of_a_dispute_are_refused_and_not_dropped_in_silence(world):
    world.to("DISPUTED")

    with pytest.raises(Refused):
        world.dispute(reason="另外，地点也不对")

    assert FollowUpRecord.objects.get().answer_reason == "措施没有谈到"


def test_another_reason_to_let_it_stand_is_refused_and_not_dropped_in_silence(world):
    world.to("DISPUTED")
    world.let_stand()

    with pytest.raises(Refused):
        world.let_stand(reason="另有证人")

    assert FollowUpRecord.objects.get().kept_reason == "录音可证"


def test_the_same_scan_twice_is_once_and_another_is_refused(world):
    world.record()
    world.on_paper()
    world.on_paper()
    with pytest.raises(Refused):
        world.on_paper(scan=[inspect(name="另一份.jpg", content=picture(), max_bytes=10_000)])

    assert FollowUpFile.objects.count() == 1
    assert Event.objects.filter(verb="confirm_on_paper").count() == 1


def test_signed_on_paper_needs_its_scan(world):
    world.record()
    with pytest.raises(Refused):
        world.on_paper(scan=[])
    world.on_paper()

    kept = FollowUpRecord.objects.get()
    assert (kept.answer, kept.answered_by) == ("PAPER", world.user("secretary"))
    (file,) = kept.scans.all()
    assert (file.follow_up, file.name) == (world.talk, "scan.pdf")


def test_the_committee_lets_a_disputed_record_stand(world):
    world.record(sitting=world.measures())
    world.dispute()
    with pytest.raises(Refused):
        world.let_stand(reason="")
    world.let_stand()
    world.let_stand()

    kept = FollowUpRecord.objects.get()
    assert (kept.answer, kept.kept_reason, kept.kept_by) == (
        "DISPUTED",
        "录音可证",
        world.user("staff"),
    )
    world.talk.refresh_from_db()
    assert world.talk.state == "RECTIFYING"
    assert Notice.objects.filter(user=world.user("member"), key=f"stands:{kept.pk}").exists()


def test_who_recorded_it_lets_it_stand_only_where_nobody_else_can(world):
    world.record(world.interview, world.sitting("deputy"), by="staff")
    world.dispute(world.interview)
    with pytest.raises(Refused):
        world.let_stand(world.interview, by="staff")

    StaffAppointment.objects.filter(user=world.user("second staff")).delete()
    world.let_stand(world.interview, by="staff")

    world.interview.refresh_from_db()
    assert world.interview.state == "CONFIRMED"


# -- silence ---------------------------------------------------------------------------------


def agree(world, day: date) -> int:
    at = datetime(day.year, day.month, day.day, 2, tzinfo=SHANGHAI)
    return records.agree_silently(on=day, branches=[world.branch.pk], at=at)


def test_silence_is_agreement_once_the_day_is_past(world):
    world.record(sitting=world.measures())
    world.record(world.interview, world.sitting("deputy"), by="deputy")
    last = FollowUpRecord.objects.first().answer_by

    assert agree(world, last) == 0
    assert agree(world, last + timedelta(days=1)) == 2
    assert agree(world, last + timedelta(days=2)) == 0

    assert set(FollowUpRecord.objects.values_list("answer", "answered_by__username")) == {
        ("SILENT", system_actor().user.username)
    }
    assert list(FollowUp.objects.order_by("pk").values_list("state", flat=True)) == [
        "RECTIFYING",
        "CONFIRMED",
    ]
    assert Event.objects.filter(verb="agree_silently").count() == 2


def test_who_answered_did_not_keep_silent(world):
    world.record()
    world.confirm()
    world.record(world.interview, world.sitting("deputy"), by="deputy")
    world.dispute(world.interview)

    assert agree(world, date(2027, 1, 1)) == 0


@pytest.mark.parametrize("count", [1, 3])
def test_silence_of_many_asks_as_much_as_that_of_one(world, django_assert_num_queries, count):
    for _each in range(count):
        row = world.demanded(
            Kind.TALK, holder="secretary", month=date(2026, 9, 1), member=MemberFactory()
        )
        world.record(row, world.measures())

    with django_assert_num_queries(15):
        assert agree(world, date(2027, 1, 1)) == count


# -- putting right ---------------------------------------------------------------------------


@pytest.fixture
def rectifying(world) -> Sittings:
    world.to("RECTIFYING")
    return world


def test_the_member_writes_steps_hands_in_and_it_is_found_right(rectifying):
    world = rectifying
    step = world.add_step(files=[letter("心得.pdf")])
    assert world.add_step(files=[letter("心得.pdf")]) == step
    world.add_step(text="向支部汇报")
    world.hand_in()
    world.hand_in()
    assert Notice.objects.filter(
        user=world.user("secretary"), key__startswith=f"handed-in:{world.talk.pk}"
    ).exists()
    world.check()
    world.check()

    world.talk.refresh_from_db()
    assert (world.talk.state, world.talk.closed_by) == ("CLOSED", world.user("secretary"))
    assert list(RectificationStep.objects.values_list("number", "is_on_behalf")) == [
        (1, False),
        (2, False),
    ]
    assert FollowUpFile.objects.get().step == step
    assert RectificationCheck.objects.count() == 1
    assert Event.objects.filter(verb="hand_in").count() == 1


def test_what_somebody_else_enters_is_on_behalf_and_the_member_is_told(rectifying):
    step = rectifying.add_step(by="secretary")

    assert step.is_on_behalf
    assert Notice.objects.filter(user=rectifying.user("member"), key=f"step:{step.pk}").exists()


@pytest.mark.parametrize(
    "wrong",
    [{"text": " "}, {"done_on": date(2026, 10, 22)}, {"done_on": date(2026, 7, 31)}],
)
def test_a_step_that_cannot_be_is_refused(rectifying, wrong):
    with pytest.raises(Refused):
        rectifying.add_step(**wrong)


def test_nothing_is_handed_in_before_anything_was_done(rectifying):
    with pytest.raises(Refused):
        rectifying.hand_in()


def test_not_yet_gives_a_new_day_and_it_is_handed_in_again(rectifying):
    world = rectifying
    world.add_step()
    world.hand_in()
    for day in (None, AT.date(), date(2027, 10, 22)):
        with pytest.raises(Refused):
            world.check(outcome="NOT_YET", due_on=day)
    world.check(outcome="NOT_YET", due_on=date(2026, 12, 1))
    world.check(outcome="NOT_YET", due_on=date(2026, 12, 1))

    put_right = Rectification.objects.get()
    assert (put_right.due_on, put_right.handed_in_at) == (date(2026, 12, 1), None)
    assert RectificationCheck.objects.count() == 1
    world.hand_in()
    world.check(outcome="NOT_YET", due_on=date(2026, 12, 1))
    assert RectificationCheck.objects.count() == 2


def test_a_check_beside_which_somebody_else_checked_is_refused(rectifying):
    world = rectifying
    world.check(outcome="NOT_YET", due_on=date(2026, 12, 1), by="staff")

    for outcome, day in (("NOT_YET", date(2026, 11, 24)), ("PUT_RIGHT", None)):
        with pytest.raises(Refused):
            world.check(outcome=outcome, due_on=day, seen=0)
    assert Rectification.objects.get().due_on == date(2026, 12, 1)

    world.check(outcome="NOT_YET", due_on=date(2026, 11, 24), seen=1)
    assert Rectification.objects.get().due_on == date(2026, 11, 24)


def test_the_last_day_on_which_it_can_be_put_right_is_a_year_away(world):
    kept = world.record(sitting=world.measures(rectify_by=date(2027, 10, 21)))

    assert kept.rectify_by == date(2027, 10, 21)


def test_not_put_right_is_for_dispositions_only(rectifying):
    with pytest.raises(Refused):
        rectifying.check(outcome="NOT_PUT_RIGHT")


def test_a_check_says_what_was_found(rectifying):
    with pytest.raises(Refused):
        rectifying.check(reason="  ")


# -- under a disposition's deadline ------------------------------------------------------------


@pytest.fixture
def correction(world) -> FollowUp:
    case = world.demanded(Kind.DISPOSITION, holder=None, month=date(2026, 10, 1))
    row = world.demanded(Kind.CORRECTION, holder=None, month=date(2026, 10, 1), origin=case)
    rectification.begin(follow_up=row, due_on=date(2026, 12, 31), at=AT)
    return row


def test_a_correction_is_checked_by_the_secretary_or_the_committee(world, correction):
    correction.refresh_from_db()
    assert correction.state == "RECTIFYING"
    world.add_step(correction)
    world.hand_in(correction)
    key = f"handed-in:{correction.pk}"
    told = Notice.objects.filter(key__startswith=key).values_list("user", flat=True)
    assert list(told) == [world.user("secretary").pk]
    for name in ("member", "deputy", "staff elsewhere"):
        with pytest.raises(PermissionDenied):
            world.check(correction, by=name)

    world.check(correction)

    correction.refresh_from_db()
    assert correction.state == "CLOSED"


def test_a_correction_lasts_a_year_at_most(world, correction):
    with pytest.raises(Refused):
        world.check(correction, "NOT_YET", due_on=date(2027, 10, 22))
    world.check(correction, "NOT_YET", due_on=date(2027, 10, 21))


def test_a_correction_has_failed_only_once_its_deadline_has_come(world, correction):
    with pytest.raises(Refused):
        world.check(correction, "NOT_PUT_RIGHT")


# -- ending ----------------------------------------------------------------------------------


def test_closing_needs_a_note_and_is_done_once(world):
    world.to("CONFIRMED")
    with pytest.raises(Refused):
        world.close(note="")
    world.close()
    world.close()

    world.talk.refresh_from_db()
    assert (world.talk.state, world.talk.closing_note) == ("CLOSED", "已谈话提醒，无需整改")
    assert Event.objects.filter(verb="close").count() == 1
    with pytest.raises(Refused):
        world.close(note="另一种说法")


@pytest.mark.parametrize("state", ["RECORDED", "DISPUTED", "CONFIRMED", "RECTIFYING"])
def test_the_committee_lifts_what_rests_on_revised_results(world, state):
    row = world.to(state)
    with pytest.raises(PermissionDenied):
        world.lift()  # nothing was revised
    FollowUp.objects.filter(pk=row.pk).update(is_basis_changed=True)
    for name in ("secretary", "member", "staff elsewhere"):
        with pytest.raises(PermissionDenied):
            world.lift(by=name)
    with pytest.raises(Refused):
        world.lift(reason="")
    world.lift()
    world.lift()

    row.refresh_from_db()
    assert (row.state, row.closing_note) == ("CLOSED", "申诉成立，依据已更正")
    assert FollowUpRecord.objects.count() == 1


# -- whose content it is -----------------------------------------------------------------------


def readers(world, row) -> set[str]:
    return {
        name
        for name in world.people
        if FollowUp.objects.readable_by(world.actor(name)).filter(pk=row.pk).exists()
    }


def step_down(world):
    """The secretary who held the talk leaves office, and another one takes it."""
    Position.objects.filter(member=world.people["secretary"]).update(ends_on=date(2026, 10, 20))
    world.people["next"] = world.seated("SECRETARY")


def test_what_was_said_is_read_by_who_held_it_the_member_and_the_committee(world):
    world.record(sitting=world.sitting("secretary", "other"))

    assert readers(world, world.talk) == {
        "member",
        "secretary",
        "other",
        "staff",
        "second staff",
    }


def test_a_secretary_out_of_office_still_reads_what_they_held_and_the_next_does_not(world):
    world.record()
    step_down(world)

    assert "secretary" in readers(world, world.talk)
    assert "next" not in readers(world, world.talk)
    sees = FollowUp.objects.visible_to(world.actor("next"))
    assert sees.filter(pk=world.talk.pk).exists()


def test_passing_it_on_leaves_the_first_holder_their_record(world):
    world.record()
    FollowUp.objects.filter(pk=world.talk.pk).update(holder=world.people["other"])

    assert {"secretary", "other"} <= readers(world, world.talk)


def test_whoever_was_named_in_an_earlier_record_does_not_read_the_next(world):
    world.record(sitting=world.sitting("secretary", "other"))
    world.dispute()
    world.record(sitting=world.sitting("secretary", "deputy"), seen=1)

    assert readers(world, world.talk) == {
        "member",
        "secretary",
        "deputy",
        "staff",
        "second staff",
    }
    seen = FollowUp.objects.visible_to(world.actor("other"))
    assert not seen.filter(pk=world.talk.pk).exists()


def test_who_had_the_duty_by_a_mistaken_record_loses_it_with_the_next(world):
    FollowUp.objects.filter(pk=world.interview.pk).update(holder=None)
    for number, name in enumerate(("other", "secretary elsewhere", "deputy")):
        world.record(world.interview, world.sitting(name), by="staff", seen=number)

    world.interview.refresh_from_db()
    assert world.interview.holder == world.people["deputy"]
    assert readers(world, world.interview) == {"member", "deputy", "staff", "second staff"}


def test_a_secretary_who_named_somebody_by_mistake_puts_it_right(world):
    FollowUp.objects.filter(pk=world.talk.pk).update(holder=None)
    world.record(sitting=world.sitting("other"))
    world.record(sitting=world.sitting("secretary elsewhere"), seen=1)
    assert "secretary elsewhere" in readers(world, world.talk)
    step_down(world)
    world.record(sitting=world.sitting("deputy"), seen=2)

    world.talk.refresh_from_db()
    assert world.talk.holder == world.people["secretary"]
    expected = {"member", "secretary", "deputy", "staff", "second staff"}
    assert readers(world, world.talk) == expected


def test_whom_the_committee_named_keeps_the_duty_whoever_held_it(world):
    FollowUp.objects.filter(pk=world.interview.pk).update(holder=None)
    world.record(world.interview, world.sitting("other"), by="staff")
    name_holder(
        pk=world.interview.pk,
        words=world.people["deputy"].staff_no,
        by=world.actor("staff"),
        at=AT,
    )
    world.record(world.interview, world.sitting("secretary"), by="staff", seen=1)

    world.interview.refresh_from_db()
    assert world.interview.holder == world.people["deputy"]


@pytest.mark.parametrize("name", ["member", "secretary", "next", "staff", "staff elsewhere"])
def test_files_follow_the_record(world, name):
    world.record()
    world.on_paper()
    step_down(world)

    seen = FollowUpFile.objects.visible_to(world.actor(name)).count()

    assert seen == (name in ("member", "secretary", "staff"))
