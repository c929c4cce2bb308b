"""The pages of disposition cases: what was typed is kept, rights to pages and files, lists."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from reviews.forms.disposition import initial_of
from reviews.models import Appraisal, Disposition, FollowUp, FollowUpFile, RectificationCheck
from reviews.services import dispositions as services
from reviews.services.duties import finish
from tests.factories import MemberFactory
from tests.points.uploads import picture
from tests.reviews.case_world import (
    AT,
    DEADLINE,
    MET,
    NOTHING,
    REMOVAL,
    TODAY,
    CaseWorld,
)

pytestmark = pytest.mark.django_db
OPINION = {
    "seen": "0",
    "measure": "CORRECTION",
    "ground": "DUTIES",
    "facts": "两次无故不参加支部党员大会",
    "statement": "愿意改正",
    "deadline": f"{DEADLINE:%Y-%m-%d}",
    "conditions": "按时参加组织生活",
    "held_on": f"{MET:%Y-%m-%d}",
    "number": "支〔2026〕7号",
}


@pytest.fixture
def world(db):
    return CaseWorld()


@pytest.fixture
def visit(client, world):
    """Ask for a page of the case in somebody's name."""

    def ask(name, who, data=None, **query):
        client.force_login(world.users[who])
        url = reverse(name, args=[world.case.pk])
        return client.get(url, query) if data is None else client.post(url, data)

    return ask


# -- the three forms -------------------------------------------------------------------------


def test_the_secretary_gives_the_opinion_with_a_document(visit, world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    scan = SimpleUploadedFile("决议.png", picture("PNG"))

    response = visit("case_opinion", "secretary", OPINION | {"papers": scan})

    assert response["Location"] == world.case.get_absolute_url()
    row = world.case.dispositions.get()
    assert (row.measure, row.deadline, row.opinion_on) == ("CORRECTION", DEADLINE, MET)
    assert world.case.files.get().name == "决议.png"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"measure": ""}, "measure"),
        ({"measure": "CANCELLATION"}, "measure"),
        ({"ground": ""}, "ground"),
        ({"facts": ""}, "facts"),
        ({"deadline": ""}, "deadline"),
        ({"deadline": "2099-01-01"}, "deadline"),
        ({"conditions": ""}, "conditions"),
        ({"held_on": "2020-01-01", "measure": "REMOVAL"}, "held_on"),
        ({"held_on": "9999-12-31"}, "held_on"),
        ({"deadline": "9999-12-31"}, "deadline"),
        ({"number": ""}, "number"),
    ],
)
def test_an_opinion_is_refused_at_its_field_and_keeps_what_was_typed(visit, world, changes, field):
    page = visit("case_opinion", "secretary", OPINION | changes)

    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert "愿意改正" in page.content.decode()
    assert not Disposition.objects.exists()


def test_what_does_not_belong_to_the_measure_is_left_out(visit, world):
    visit("case_opinion", "secretary", OPINION | {"measure": "NONE"})

    row = world.case.dispositions.get()
    assert (row.ground, row.deadline, row.conditions) == ("", None, "")


def test_a_further_opinion_starts_from_the_last_one(visit, world):
    world.to("RETURNED")

    page = visit("case_opinion", "secretary")

    initial = page.context["form"].initial
    assert (initial["seen"], initial["measure"], initial["deadline"]) == (1, "CORRECTION", DEADLINE)
    assert (initial["held_on"], initial["number"]) == (None, "")
    assert world.case.dispositions.get().decision_text in page.content.decode()


def test_a_deadline_that_is_past_is_not_offered_again(world):
    world.to("RETURNED")
    row = world.case.dispositions.get()

    assert initial_of(row, DEADLINE - timedelta(days=1))["deadline"] == DEADLINE
    assert initial_of(row, DEADLINE)["deadline"] is None


def test_somebody_elses_opinion_meanwhile_is_a_friendly_refusal(visit, world):
    world.to("PREPARED", NOTHING)

    page = visit("case_opinion", "secretary", OPINION)

    assert page.status_code == 409
    assert "愿意改正" in page.content.decode()
    assert NOTHING.facts in page.content.decode()
    assert world.case.dispositions.get().measure == "NONE"
    again = OPINION | {"seen": page.context["form"]["seen"].value()}
    assert visit("case_opinion", "secretary", again).status_code == 302


def test_an_opinion_that_is_not_complete_stays_as_stale_as_it_was(visit, world):
    world.to("PREPARED", NOTHING)

    page = visit("case_opinion", "secretary", OPINION | {"number": ""})

    assert page.status_code == 422
    assert 'name="seen" value="0"' in page.content.decode()


def test_the_case_is_filed_and_decided(visit, world):
    world.to("PREPARED")
    today = f"{timezone.localdate():%Y-%m-%d}"
    filing = {"seen": "1", "filed_on": today, "number": "支〔2026〕8号"}
    decision = {"seen": "1", "verdict": "APPROVE", "decided_on": today, "number": "机党1号"}

    assert visit("case_filing", "secretary", filing).status_code == 302
    assert visit("case_decision", "staff", decision).status_code == 302

    row = world.case.dispositions.get()
    assert (row.state, row.decision_number) == ("APPROVED", "机党1号")
    assert world.correction.due_on == DEADLINE


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"verdict": ""}, "verdict"),
        ({"verdict": "RETURN"}, "text"),
        ({"verdict": "APPROVE", "number": ""}, "number"),
        ({"verdict": "APPROVE", "decided_on": "2020-01-01"}, "decided_on"),
        ({"verdict": "APPROVE"}, "acknowledged"),
    ],
)
def test_a_decision_is_refused_at_its_field(visit, world, data, field):
    world.zero()
    world.to("FILED")
    today = f"{timezone.localdate():%Y-%m-%d}"

    page = visit(
        "case_decision", "staff", {"seen": "1", "decided_on": today, "number": "机党7号"} | data
    )

    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert world.case.dispositions.get().state == "FILED"


@pytest.mark.parametrize(
    ("stage", "name", "who"),
    [
        ("OPEN", "case_filing", "secretary"),
        ("FILED", "case_opinion", "secretary"),
        ("PREPARED", "case_decision", "staff"),
        ("APPROVED", "case_decision", "staff"),
    ],
)
def test_a_page_whose_step_is_not_possible_leads_back_to_the_case(visit, world, stage, name, who):
    world.to(stage)

    assert visit(name, who)["Location"] == world.case.get_absolute_url()


# -- who reads it ----------------------------------------------------------------------------

READERS = {"secretary", "deputy", "bench", "member", "staff", "colleague"}
PAPERS = ("follow_up", "disposition_form")


@pytest.mark.parametrize("name", PAPERS)
def test_who_reads_the_case(visit, world, name):
    world.to("APPROVED")

    codes = {who: visit(name, who).status_code for who in world.users}

    assert {who for who, code in codes.items() if code == 200} == READERS
    assert set(codes.values()) == {200, 404}


def test_the_documents_of_a_case_are_read_by_its_readers(client, world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(world.users["secretary"])
    url = reverse("case_opinion", args=[world.case.pk])
    client.post(url, OPINION | {"papers": SimpleUploadedFile("决议.png", picture("PNG"))})
    file = FollowUpFile.objects.get()

    def code(who):
        client.force_login(world.users[who])
        response = client.get(file.get_absolute_url())
        if response.streaming:  # read to its end, so that the file is let go
            assert b"".join(response.streaming_content)
        return response.status_code

    assert {who for who in world.users if code(who) == 200} == READERS


def test_the_member_reads_opinion_and_decision_and_may_appeal(visit, world):
    world.to("FILED", REMOVAL)
    world.decide(at=timezone.now())

    page = visit("follow_up", "member")

    body = page.content.decode()
    assert world.case.dispositions.get().decision_text in body
    assert page.context["appeal"].window.is_open
    assert not any(page.context["steps"].values())
    assert page.context["roll_url"] == ""


def test_whoever_prepared_the_case_is_not_offered_the_decision(client):
    world = CaseWorld(has_secretary=False)
    world.opine(by="staff")
    world.file(by="staff")

    def steps(who):
        client.force_login(world.users[who])
        return client.get(world.case.get_absolute_url()).context["steps"]["decide_case"]

    assert (steps("staff"), steps("colleague")) == (False, True)


def test_staff_are_led_to_the_roll_after_a_removal_only(visit, world):
    world.to("APPROVED", REMOVAL)
    roll = reverse("roll_change", args=[world.member.pk, "end"])

    assert visit("follow_up", "staff").context["roll_url"] == roll
    assert visit("follow_up", "secretary").context["roll_url"] == ""
    assert world.member.memberships.get().ends_on is None


def test_the_grade_of_the_year_stands_beside_the_case(visit, world):
    Appraisal.objects.create(
        member=world.member,
        branch=world.branch,
        year=world.case.year,
        number=1,
        grade=Appraisal.Grade.BASIC,
        held_on=MET,
        entered_by=world.users["secretary"],
        entered_at=AT,
    )

    case = visit("follow_up", "secretary").context["case"]

    assert case.appraisal.grade == "BASIC"
    assert case.notes == []


def test_every_opinion_stays_readable(visit, world):
    world.to("RETURNED")
    world.opine(replace(REMOVAL, held_on=TODAY))

    page = visit("follow_up", "deputy")

    case = page.context["case"]
    assert [row.number for row in case.rows] == [2, 1]
    assert len(page.context["timeline"]) == 5
    for row in case.rows:
        assert row.get_measure_display() in page.content.decode()


def test_a_correction_says_what_is_to_be_put_right(client, world):
    world.to("APPROVED")
    row = world.case.dispositions.get()

    for who in sorted(READERS):
        client.force_login(world.users[who])
        page = client.get(world.correction.get_absolute_url()).content.decode()

        for text in (row.conditions, row.ground_text, row.get_ground_display(), row.decision_text):
            assert text in page, (who, text)


def test_a_case_says_why_its_correction_failed(visit, world):
    world.to("APPROVED")
    RectificationCheck.objects.create(
        rectification=world.correction.rectification,
        number=1,
        outcome="NOT_PUT_RIGHT",
        reason="限期内仍两次缺席",
        checked_by=world.users["staff"],
        checked_at=AT,
    )
    finish(world.correction, by=world.actor("staff"), at=AT)
    services.take_up_again(follow_up=world.case, by=world.actor("staff"), at=AT)

    page = visit("follow_up", "member")
    form = visit("case_opinion", "secretary")

    stages = [one.stage.value for one in page.context["case"].corrections]
    assert stages == ["NOT_PUT_RIGHT"]
    assert "限期内仍两次缺席" in page.content.decode()
    assert "限期内仍两次缺席" in form.content.decode()
    world.opine(replace(REMOVAL, held_on=TODAY))
    assert "限期内仍两次缺席" not in visit("case_opinion", "secretary").content.decode()


def test_the_blank_form_holds_no_opinion(visit, world):
    world.to("FILED")

    filled = visit("disposition_form", "staff").content.decode()
    blank = visit("disposition_form", "staff", blank="1").content.decode()

    facts = world.case.dispositions.get().ground_text
    assert facts in filled
    assert facts not in blank
    assert world.member.name in blank


# -- how much is asked -------------------------------------------------------------------------


@pytest.mark.parametrize("cases", [1, 3])
def test_the_list_of_cases_asks_the_same_whatever_its_length(
    client, world, django_assert_num_queries, cases
):
    world.to("PREPARED")
    for _ in range(cases - 1):
        world.case = world.open(MemberFactory(branch=world.branch))
        world.to("FILED")
    client.force_login(world.users["staff"])

    with django_assert_num_queries(9):
        page = client.get(reverse("follow_ups"), {"show": "cases"})

    lines = page.context["cases"]
    assert [line.stage.value for line in lines] == ["PREPARED", *["FILED"] * (cases - 1)]


@pytest.mark.parametrize("opinions", [1, 3])
def test_the_page_asks_the_same_for_one_opinion_and_for_three(
    visit, world, django_assert_num_queries, opinions
):
    for number in range(opinions):
        world.opine(NOTHING if number % 2 else REMOVAL)
    world.users["staff"].refresh_from_db()

    with django_assert_num_queries(35):
        visit("follow_up", "staff")


# -- what is to be done ------------------------------------------------------------------------


def test_to_dos_follow_the_case(client, world):
    def to_dos(who):
        client.force_login(world.users[who])
        shown = client.get(reverse("home")).context["to_dos"]
        return [one.icon for one in shown if one.url.startswith("/follow-ups/")]

    assert (to_dos("secretary"), to_dos("staff")) == (["gavel"], ["gavel"])
    world.to("PREPARED")
    assert (to_dos("secretary"), to_dos("staff")) == (["send"], [])
    world.file()
    assert (to_dos("secretary"), to_dos("staff")) == ([], ["gavel"])
    world.decide()
    assert (to_dos("secretary"), to_dos("staff")) == ([], [])
    assert FollowUp.objects.filter(due_on__lt=AT.date() - timedelta(days=1)).exists()
