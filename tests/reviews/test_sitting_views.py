"""The pages of talks and interviews: who sees what, and what is refused comes back as typed."""

import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from reviews.models import FollowUp, FollowUpFile, FollowUpRecord, Rectification
from reviews.services import rectification
from tests.points.uploads import pdf
from tests.reviews.sitting_world import AT, Kind, Sittings

pytestmark = pytest.mark.django_db

SECRET = "家中有病人"
TODAY = timezone.localdate()
SOON = TODAY + timedelta(days=30)


@pytest.fixture
def world() -> Sittings:
    return Sittings()


@pytest.fixture
def as_(client, world):
    """Sign in as somebody; a second call is somebody else."""

    def sign_in(name):
        client.force_login(world.user(name))
        return client

    return sign_in


def url(name, row):
    return reverse(name, args=[row.pk])


NOTHING_WRITTEN = (
    "Nothing is written of how it was put right, and it was not handed in. If you find it put "
    "right all the same, say below what you saw yourself."
)


def typed(world, **more):
    facts = {
        "held_on": "2026-10-20",
        "place": "三楼谈话室",
        "held_by": f"{world.people['secretary'].name}、{world.people['deputy'].staff_no}",
        "said": SECRET,
        "measures": "每周补学",
        "rectify_by": SOON.isoformat(),
        "seen": "0",
    }
    return facts | more


# -- recording -------------------------------------------------------------------------------


def test_the_holder_records_a_talk(world, as_):
    client = as_("secretary")
    page = client.get(url("record_follow_up", world.talk))
    assert page.context["form"]["held_by"].value() == world.people["secretary"].name

    answer = client.post(url("record_follow_up", world.talk), typed(world))

    assert answer["Location"] == world.talk.get_absolute_url()
    kept = FollowUpRecord.objects.get()
    assert (kept.said, kept.rectify_by) == (SECRET, SOON)
    assert SECRET in client.get(world.talk.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field", "status"),
    [
        ({"said": ""}, "said", 422),
        ({"held_by": "没有这个人"}, "held_by", 422),
        ({"measures": ""}, "measures", 422),
        ({"rectify_by": TODAY.isoformat()}, "rectify_by", 422),
        ({"rectify_by": (TODAY + timedelta(days=367)).isoformat()}, "rectify_by", 422),
        ({"held_on": "2026-08-31"}, "__all__", 409),
        ({"held_by": "张伟"}, "__all__", 409),
    ],
)
def test_a_record_that_is_refused_keeps_what_was_typed(world, as_, wrong, field, status):
    page = as_("secretary").post(url("record_follow_up", world.talk), typed(world, **wrong))

    assert page.status_code == status
    assert list(page.context["form"].errors) == [field]
    assert "三楼谈话室" in page.content.decode()
    assert not FollowUpRecord.objects.exists()


def test_the_record_of_somebody_faster_is_shown_beside_what_was_typed(world, as_):
    world.record(world.interview, world.sitting("deputy", said="先记的"), by="staff")

    page = as_("deputy").post(url("record_follow_up", world.interview), typed(world))

    assert page.status_code == 409
    body = page.content.decode()
    assert "先记的" in body
    assert SECRET in body
    # Having read it, they record it again.
    again = typed(world, seen="1")
    assert as_("deputy").post(url("record_follow_up", world.interview), again).status_code == 302


def test_a_record_that_is_not_complete_stays_as_stale_as_it_was(world, as_):
    world.record(world.interview, world.sitting("deputy", said="先记的"), by="staff")

    page = as_("deputy").post(url("record_follow_up", world.interview), typed(world, said=""))

    assert page.status_code == 422
    assert seen_in(page) == ["0"]


def test_a_stale_confirmation_says_so_above_both_answers(world, as_):
    world.record()
    world.record(sitting=world.sitting("secretary", said="改过的"), seen=1)

    page = as_("member").post(url("answer_record", world.talk), {"answer": "confirm", "seen": "1"})

    body = page.content.decode()
    assert page.status_code == 409
    assert seen_in(page) == ["2", "2"]
    why = page.context["form"].non_field_errors()[0]
    assert body.count(why) == 1
    assert body.index(why) < body.index('value="confirm"')
    assert '<details class="disclosure" open>' not in body


def seen_in(page) -> list[str]:
    """The numbers of the record that the forms of a page rest on."""
    return re.findall(r'name="seen" value="(\d*)"', page.content.decode())


def test_correcting_starts_from_the_record_as_it_stands(world, as_):
    world.record(sitting=world.measures("secretary", "deputy", said=SECRET))

    form = as_("secretary").get(url("record_follow_up", world.talk)).context["form"]

    assert form["said"].value() == SECRET
    names = [world.people[name].name for name in ("secretary", "deputy")]
    assert form["held_by"].value() == "、".join(names)


# -- answering -------------------------------------------------------------------------------


def test_the_member_confirms_on_the_page(world, as_):
    world.record()

    answer = as_("member").post(
        url("answer_record", world.talk), {"answer": "confirm", "seen": "1"}
    )

    assert answer.status_code == 302
    world.talk.refresh_from_db()
    assert world.talk.state == "CONFIRMED"


def test_a_dispute_without_a_reason_comes_back(world, as_):
    world.record()
    client = as_("member")
    where = url("answer_record", world.talk)

    page = client.post(where, {"answer": "dispute", "seen": "1", "reason": ""})
    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"reason"}

    answer = client.post(where, {"answer": "dispute", "seen": "1", "reason": "地点不对"})
    assert answer.status_code == 302
    assert FollowUpRecord.objects.get().answer_reason == "地点不对"


def test_an_answer_to_a_record_written_anew_shows_the_new_one(world, as_):
    world.record()
    world.record(sitting=world.sitting(said="更正后的话"), seen=1)

    page = as_("member").post(
        url("answer_record", world.talk), {"answer": "dispute", "seen": "1", "reason": "不对"}
    )

    assert page.status_code == 409
    body = page.content.decode()
    assert "更正后的话" in body
    assert 'name="seen" value="2"' in body
    assert "不对" in body


def test_a_signed_paper_is_kept_with_its_scan(world, as_):
    world.record()
    client = as_("secretary")
    where = url("confirm_on_paper", world.talk)
    assert client.post(where, {"seen": "1"}).status_code == 422

    scan = SimpleUploadedFile("记录.pdf", pdf(), "application/pdf")
    assert client.post(where, {"seen": "1", "papers": [scan]}).status_code == 302

    file = FollowUpFile.objects.get()
    assert client.get(file.get_absolute_url()).status_code == 200
    assert as_("other").get(file.get_absolute_url()).status_code == 404


def test_a_step_that_is_over_goes_back_with_a_word(world, as_):
    world.to("CONFIRMED")

    answer = as_("member").get(url("answer_record", world.talk), follow=True)

    assert answer.redirect_chain == [(world.talk.get_absolute_url(), 302)]
    assert len(list(answer.context["messages"])) == 1


def test_a_disputed_record_is_let_stand(world, as_):
    world.to("DISPUTED")
    client = as_("staff")
    where = url("let_record_stand", world.talk)
    assert client.post(where, {"seen": "1", "reason": ""}).status_code == 422
    assert client.post(where, {"seen": "1", "reason": "录音可证"}).status_code == 302

    body = as_("member").get(world.talk.get_absolute_url()).content.decode()
    assert "录音可证" in body


@pytest.mark.parametrize(
    ("who", "name", "posted"),
    [
        ("member", "answer_record", {"answer": "dispute"}),
        ("staff", "let_record_stand", {}),
    ],
)
def test_words_that_come_too_late_come_back_and_are_said_to_be_lost(world, as_, who, name, posted):
    world.to("DISPUTED")
    if who == "staff":
        world.let_stand()
    client = as_(who)

    page = client.post(url(name, world.talk), posted | {"seen": "1", "reason": "补充的话"})

    assert page.status_code == 409
    assert page.context["form"].non_field_errors()
    assert "补充的话" in page.content.decode()


# -- putting right ---------------------------------------------------------------------------


def test_the_member_puts_right_and_the_holder_checks(world, as_):
    world.to("RECTIFYING")
    steps, check = url("add_rectification_step", world.talk), url("check_rectification", world.talk)
    client = as_("member")
    assert client.post(steps, {"text": "", "done_on": "2026-10-21"}).status_code == 422
    note = SimpleUploadedFile("心得.pdf", pdf(), "application/pdf")
    done = {"text": "补学党章", "done_on": "2026-10-21", "papers": [note]}
    assert client.post(steps, done).status_code == 302
    assert client.post(url("hand_in_rectification", world.talk)).status_code == 302

    client = as_("secretary")
    body = client.get(world.talk.get_absolute_url()).content.decode()
    assert "补学党章" in body
    assert "心得.pdf" in body
    page = client.post(check, {"outcome": "NOT_YET", "reason": "还差一次", "due_on": ""})
    assert page.status_code == 422
    assert "还差一次" in page.content.decode()
    again = {"outcome": "NOT_YET", "reason": "还差一次", "due_on": SOON.isoformat()}
    assert client.post(check, again).status_code == 302
    assert Rectification.objects.get().due_on == SOON
    right = {"outcome": "PUT_RIGHT", "reason": "属实", "seen": "1"}
    assert client.post(check, right).status_code == 302
    world.talk.refresh_from_db()
    assert world.talk.state == "CLOSED"


def test_the_check_of_somebody_faster_is_shown_beside_what_was_typed(world, as_):
    world.to("RECTIFYING")
    check = url("check_rectification", world.talk)
    client = as_("secretary")
    assert 'name="seen" value="0"' in client.get(world.talk.get_absolute_url()).content.decode()
    world.check(outcome="NOT_YET", reason="还差两次", due_on=date(2026, 12, 1), by="staff")

    typed = {"outcome": "PUT_RIGHT", "reason": "当面看过", "seen": "0"}
    missing = client.post(check, typed | {"reason": ""})
    assert missing.status_code == 422
    words = " ".join(missing.content.decode().split())
    assert 'name="seen" value="0"' in words  # it was not told yet
    page = client.post(check, typed)

    assert page.status_code == 409
    body = " ".join(page.content.decode().split())
    assert "还差两次" in body
    assert "当面看过" in body
    assert 'name="seen" value="1"' in body
    assert client.post(check, typed | {"seen": "1"}).status_code == 302


@pytest.mark.parametrize("is_page", [False, True])
def test_the_page_says_that_nothing_was_written_before_it_is_found_right(world, as_, is_page):
    world.to("RECTIFYING")
    client = as_("secretary")
    where = url("check_rectification", world.talk) if is_page else world.talk.get_absolute_url()

    assert gettext(NOTHING_WRITTEN) in client.get(where).content.decode()
    world.add_step()
    assert gettext(NOTHING_WRITTEN) not in client.get(where).content.decode()


@pytest.mark.parametrize("name", ["add_rectification_step", "hand_in_rectification"])
def test_a_case_is_put_right_in_its_correction_and_not_on_itself(world, as_, name):
    case = world.demanded(
        Kind.DISPOSITION, holder=None, month=date(2026, 10, 1), state="RECTIFYING"
    )
    done = {"text": "补学党章", "done_on": "2026-10-21"}

    assert as_("member").post(url(name, case), done).status_code == 403


def test_handing_in_too_early_is_refused_in_words(world, as_):
    world.to("RECTIFYING")

    page = as_("member").post(url("hand_in_rectification", world.talk), follow=True)

    assert [message.level_tag for message in page.context["messages"]] == ["error"]


def test_a_talk_without_measures_is_closed_with_a_note(world, as_):
    world.to("CONFIRMED")
    client = as_("secretary")
    assert client.post(url("close_follow_up", world.talk), {"note": ""}).status_code == 422
    assert client.post(url("close_follow_up", world.talk), {"note": "已提醒"}).status_code == 302

    world.talk.refresh_from_db()
    assert (world.talk.state, world.talk.closing_note) == ("CLOSED", "已提醒")


@pytest.mark.parametrize("name", ["member", "secretary", "staff", "next"])
@pytest.mark.parametrize("step", ["close", "lift"])
def test_how_it_was_closed_is_read_by_those_who_read_the_record(world, as_, step, name):
    world.to("CONFIRMED")
    if step == "lift":
        FollowUp.objects.update(is_basis_changed=True)
        world.lift(reason="办结说明机密")
    else:
        world.close(note="办结说明机密")
    world.people["secretary"].positions.update(ends_on=date(2026, 10, 20))
    world.people["next"] = world.seated("SECRETARY")

    page = as_(name).get(world.talk.get_absolute_url())

    assert page.status_code == 200
    assert ("办结说明机密" in page.content.decode()) == (name != "next")


@pytest.mark.parametrize("kind", ["DISPOSITION", "CORRECTION"])
def test_how_a_case_or_its_correction_was_closed_is_read_on_its_page(world, as_, kind):
    case = world.demanded(Kind.DISPOSITION, holder=None, month=date(2026, 10, 1))
    row = case
    if kind == "CORRECTION":
        row = world.demanded(Kind.CORRECTION, holder=None, month=date(2026, 10, 1), origin=case)
    FollowUp.objects.filter(pk=row.pk).update(
        state="CLOSED", closed_by=world.user("staff"), closed_at=AT, closing_note="依据已更正"
    )

    assert "依据已更正" in as_("member").get(row.get_absolute_url()).content.decode()


def test_staff_lift_what_rests_on_revised_results(world, as_):
    world.to("CONFIRMED")
    assert as_("staff").get(url("lift_follow_up", world.talk)).status_code == 403
    FollowUp.objects.update(is_basis_changed=True)
    where = url("lift_follow_up", world.talk)

    assert as_("staff").post(where, {"reason": ""}).status_code == 422
    assert as_("staff").post(where, {"reason": "申诉成立"}).status_code == 302
    assert as_("secretary").get(where).status_code == 403


def test_a_correction_shows_how_it_is_put_right_and_nothing_of_a_talk(world, as_):
    case = world.demanded(Kind.DISPOSITION, holder=None, month=date(2026, 10, 1))
    row = world.demanded(Kind.CORRECTION, holder=None, month=date(2026, 10, 1), origin=case)
    rectification.begin(follow_up=row, due_on=date(2026, 12, 31), at=AT)

    page = as_("secretary").get(row.get_absolute_url())

    assert page.context["panel"] == "reviews/correction_panel.html"
    outcomes = [value for value, label in page.context["check_form"].fields["outcome"].choices]
    assert outcomes == ["PUT_RIGHT", "NOT_YET", "NOT_PUT_RIGHT"]


# -- what is nobody's business -----------------------------------------------------------------


def test_the_next_secretary_sees_that_it_was_held_and_not_what_was_said(world, as_):
    world.record(sitting=world.measures(said=SECRET, causes="原因机密", measures="措施机密"))
    world.confirm()
    world.add_step(text="步骤机密")
    world.people["secretary"].positions.update(ends_on=date(2026, 10, 20))
    world.people["next"] = world.seated("SECRETARY")

    client = as_("next")
    page = client.get(world.talk.get_absolute_url())

    assert page.status_code == 200
    assert page.context["follow_up"].state == "RECTIFYING"
    assert not any(word in page.content.decode() for word in (SECRET, "机密"))
    assert client.get(url("follow_up_form", world.talk)).status_code == 403
    for name in ("record_follow_up", "check_rectification", "add_rectification_step"):
        assert client.get(url(name, world.talk)).status_code == 403
    assert SECRET in as_("secretary").get(world.talk.get_absolute_url()).content.decode()


def test_the_form_prints_blank_before_and_filled_after(world, as_):
    client = as_("secretary")
    where = url("follow_up_form", world.talk)
    assert client.get(where).context["is_blank"]

    world.record(sitting=world.sitting(said=SECRET))

    assert SECRET in client.get(where).content.decode()
    assert SECRET not in client.get(where, {"blank": "1"}).content.decode()
    assert as_("other").get(where).status_code == 404


def test_the_form_prints_why_a_record_stands_and_how_it_was_closed(world, as_):
    world.to("DISPUTED")
    world.let_stand(reason="录音可证")
    world.close(note="已谈话提醒")
    client = as_("member")
    where = url("follow_up_form", world.talk)

    filled = client.get(where).content.decode()
    blank = client.get(where, {"blank": "1"}).content.decode()

    for words in ("录音可证", "已谈话提醒"):
        assert words in filled
        assert words not in blank


def test_only_talks_and_interviews_have_this_form(world, as_):
    case = world.demanded(Kind.DISPOSITION, holder=None, month=date(2026, 10, 1))

    assert as_("staff").get(url("follow_up_form", case)).status_code == 404


# -- as many queries for one as for three ------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_the_same_however_much_was_done(world, as_, django_assert_num_queries, count):
    world.to("RECTIFYING")
    for n in range(count):
        world.add_step(text=f"第{n}次")
        world.check(outcome="NOT_YET", reason=f"差{n}", due_on=SOON)
    client = as_("staff")
    client.get(world.talk.get_absolute_url())

    with django_assert_num_queries(19):
        client.get(world.talk.get_absolute_url())
