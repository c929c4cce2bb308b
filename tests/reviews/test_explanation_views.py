"""The pages of explanations: giving, judging, accountability, the form on paper."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import gettext

from points.models import Criterion
from reviews.models import FollowUpFile, FollowUpRecord, Judgement
from reviews.selectors.explanations import zero_months_of
from tests.factories import StaffAppointmentFactory
from tests.points.uploads import pdf
from tests.reviews.branch_month import BranchMonth
from tests.reviews.test_explanations import LATER, MARCH, MORE, SAID, Unit

pytestmark = pytest.mark.django_db
JUDGED_ALREADY = "This explanation is judged already."
JUDGED_SERIOUS_ONLY = "Only an explanation that was judged serious leads to accountability."


@pytest.fixture
def unit(db):
    return Unit()


def address(unit, name="explanation", kind="REPORT_EXPLANATION"):
    return reverse(name, args=[unit.of(kind).pk])


def words(**more):
    return {
        "held_on": SAID.held_on.isoformat(),
        "place": SAID.place,
        "said": SAID.said,
        "measures": SAID.measures,
        "seen": 0,
        **more,
    }


def test_the_secretary_gives_it_with_the_signed_paper(client, unit):
    client.force_login(unit.users["secretary"])
    paper = SimpleUploadedFile("签字.pdf", pdf())

    answer = client.post(address(unit), words(papers=paper), follow=True)

    page = answer.content.decode()
    assert SAID.said in page
    assert FollowUpFile.objects.get().record == FollowUpRecord.objects.get()
    assert "签字.pdf" in page


def test_a_refused_form_comes_back_with_what_was_typed(client, unit):
    client.force_login(unit.users["secretary"])

    answer = client.post(address(unit), words(said="", measures="逐月谈话"))

    assert answer.status_code == 422
    assert "逐月谈话" in answer.content.decode()
    assert not FollowUpRecord.objects.exists()


def test_the_loser_of_a_race_sees_the_others_words_and_their_own(client, unit):
    unit.explain(by="staff")
    client.force_login(unit.users["secretary"])

    answer = client.post(address(unit), words(said="书记本人的说明"))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert SAID.said in page
    assert "书记本人的说明" in page
    assert 'name="seen" value="1"' in page
    assert client.post(address(unit), words(said="书记本人的说明", seen=1)).status_code == 302


def test_a_stale_form_stays_stale_until_the_race_was_reported(client, unit):
    unit.explain(by="staff")
    client.force_login(unit.users["secretary"])

    incomplete = client.post(address(unit), words(said=""))
    assert (incomplete.status_code, shown_number(incomplete)) == (422, "0")

    told = client.post(address(unit), words(said="书记本人的说明"))
    assert (told.status_code, shown_number(told)) == (409, "1")


def test_a_judgement_rests_on_what_was_read_until_more_was_reported(client, unit):
    unit.explain()
    unit.explain(said=MORE, seen=1, at=LATER)
    client.force_login(unit.users["staff"])

    incomplete = client.post(address(unit, "judgement"), {"outcome": "SERIOUS", "seen": 1})
    assert (incomplete.status_code, shown_number(incomplete)) == (422, "1")

    told = client.post(address(unit, "judgement"), {"outcome": "ACCEPTED", "seen": 1})
    assert (told.status_code, shown_number(told)) == (409, "2")
    assert not Judgement.objects.exists()


def shown_number(page):
    return page.context["form"]["seen"].value()


def test_what_was_typed_stays_though_somebody_was_faster(client, unit):
    unit.explain()
    unit.judge("SERIOUS", "长期放任不管")
    unit.decide()
    client.force_login(unit.users["colleague"])
    sent = {
        "explanation": words(said="另外补充的一段", seen=1),
        "judgement": {"outcome": "SERIOUS", "reason": "另一个理由", "seen": 1},
        "accountability": {"decision": "诫勉谈话", "number": "1", "decided_on": "2026-01-20"},
    }
    for name, data in sent.items():
        page = client.post(address(unit, name), data)

        assert page.status_code == 409, name
        typed = next(
            value
            for value in data.values()
            if value in ("另外补充的一段", "另一个理由", "诫勉谈话")
        )
        assert typed in page.content.decode(), name
        assert page.context["form"].non_field_errors()[0] in page.content.decode(), name


def test_a_text_that_is_too_long_is_refused_by_the_server_and_kept(client, unit):
    client.force_login(unit.users["secretary"])
    long = "长" * 5001
    assert "maxlength" not in textarea(client.get(address(unit)))

    page = client.post(address(unit), words(said=long))

    assert page.status_code == 422
    assert long in page.content.decode()
    assert "5000" in page.context["form"].errors["said"][0]


def textarea(page) -> str:
    html = page.content.decode()
    start = html.index("<textarea")
    return html[start : html.index(">", start)]


def test_staff_judge_it_serious_and_enter_the_decision(client, unit):
    unit.explain()
    client.force_login(unit.users["staff"])
    assert SAID.said in client.get(address(unit, "judgement")).content.decode()

    refused = client.post(address(unit, "judgement"), {"outcome": "SERIOUS", "seen": 1})
    assert refused.status_code == 422
    client.post(
        address(unit, "judgement"), {"outcome": "SERIOUS", "reason": "长期放任不管", "seen": 1}
    )
    client.post(
        address(unit, "accountability"),
        {"decision": "批评教育", "number": "机党〔2026〕3号", "decided_on": "2026-01-20"},
    )

    assert Judgement.objects.get().decision == "批评教育"
    assert unit.of().state == "CLOSED"
    page = client.get(unit.of().get_absolute_url()).content.decode()
    assert "机党〔2026〕3号" in page
    assert f'"{address(unit)}"' not in page


@pytest.mark.parametrize(
    ("outcome", "name", "why"),
    [
        ("", "judgement", "Not explained yet: it is given at the year's meeting."),
        ("", "accountability", JUDGED_SERIOUS_ONLY),
        ("ACCEPTED", "explanation", JUDGED_ALREADY),
        ("ACCEPTED", "judgement", JUDGED_ALREADY),
        ("ACCEPTED", "accountability", JUDGED_SERIOUS_ONLY),
        ("SERIOUS", "explanation", JUDGED_ALREADY),
        ("SERIOUS", "judgement", JUDGED_ALREADY),
    ],
)
def test_a_page_whose_step_is_not_possible_leads_back_saying_why(client, unit, outcome, name, why):
    if outcome:
        unit.explain()
        unit.judge(outcome, "长期放任不管")
    client.force_login(unit.users["staff"])

    answer = client.get(address(unit, name), follow=True)

    assert answer.redirect_chain == [(unit.of().get_absolute_url(), 302)]
    assert [str(message) for message in answer.context["messages"]] == [gettext(why)]


def test_who_judges_second_is_told_of_the_first(client, unit):
    unit.explain()
    unit.judge("SERIOUS", "长期放任不管")
    client.force_login(unit.users["colleague"])

    answer = client.post(address(unit, "judgement"), {"outcome": "ACCEPTED", "seen": 1})

    assert answer.status_code == 409
    assert list(answer.context["form"].errors) == ["__all__"]
    assert Judgement.objects.get().outcome == "SERIOUS"


def test_the_page_offers_what_the_services_allow(client, unit):
    def offered(name, kind="REPORT_EXPLANATION"):
        client.force_login(unit.users[name])
        page = client.get(unit.of(kind).get_absolute_url()).content.decode()
        steps = ("explanation", "judgement", "accountability", "attach_explanation")
        return {step for step in steps if f'"{address(unit, step, kind)}"' in page}

    assert (offered("secretary"), offered("staff")) == ({"explanation"}, {"explanation"})
    unit.explain()
    given = {"explanation", "attach_explanation"}
    assert (offered("secretary"), offered("staff")) == (given, {*given, "judgement"})
    unit.judge("SERIOUS", "长期放任不管")
    assert offered("secretary") == {"attach_explanation"}
    assert offered("staff") == {"attach_explanation", "accountability"}
    unit.decide()
    assert offered("staff") == {"attach_explanation"}


def test_where_nothing_is_left_to_explain_staff_close_it_but_nobody_their_own(client, unit):
    unit.explain()
    unit.zero(MARCH, score=75)
    StaffAppointmentFactory(user=unit.users["secretary"], committee=unit.branch.committee)
    client.force_login(unit.users["secretary"])
    address_of_lift = address(unit, "lift_follow_up")
    assert client.post(address_of_lift, {"reason": "成绩已更正"}).status_code == 403

    client.force_login(unit.users["staff"])
    assert address_of_lift in client.get(unit.of().get_absolute_url()).content.decode()
    client.post(address_of_lift, {"reason": "成绩已更正"})

    row = unit.of()
    assert (row.state, row.closing_note) == ("CLOSED", "成绩已更正")
    assert "成绩已更正" in client.get(row.get_absolute_url()).content.decode()


def test_the_form_prints_empty_and_filled(client, unit):
    client.force_login(unit.users["leader"])
    kind = "LIFE_MEETING_EXPLANATION"
    assert "张伟" in client.get(address(unit, "explanation_form", kind)).content.decode()

    unit.explain(by="leader", kind=kind)

    assert SAID.said in client.get(address(unit, "explanation_form", kind)).content.decode()


def test_a_signed_paper_is_kept_later_and_no_file_is_refused(client, unit):
    unit.explain()
    client.force_login(unit.users["staff"])

    client.post(address(unit, "attach_explanation"))
    assert not FollowUpFile.objects.exists()
    client.post(address(unit, "attach_explanation"), {"papers": SimpleUploadedFile("a.pdf", pdf())})
    assert FollowUpFile.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_the_same_for_one_month_and_for_three(
    client, unit, django_assert_num_queries, count
):
    for month in range(2, count + 1):
        unit.zero(date(2025, 2 * month, 1))
    unit.explain()
    client.force_login(unit.users["leader"])
    unit.explain(by="leader", kind="LIFE_MEETING_EXPLANATION")

    with django_assert_num_queries(18):
        client.get(unit.of("LIFE_MEETING_EXPLANATION").get_absolute_url())


def test_a_confidential_matter_is_named_to_the_committee_only(db):
    month = BranchMonth()
    punished = month.criterion("-10.00", Criterion.RegisteredBy.COMMITTEE, zeroes_month=True)
    month.register("member", by="staff", item=month.item(punished))
    month.publish()
    month.close()
    row = month.branch.follow_ups.get(kind="REPORT_EXPLANATION")

    (for_staff,) = zero_months_of(row, month.actor("staff"))
    (for_holder,) = zero_months_of(row, month.actor("secretary"))

    assert (for_staff.member, for_staff.month) == (month.member, month.month)
    assert for_staff.matter == punished.text
    assert for_holder.matter
    assert punished.text not in for_holder.matter


def test_the_form_on_paper_names_no_matter_of_discipline(client):
    month = BranchMonth()
    punished = month.criterion("-10.00", Criterion.RegisteredBy.COMMITTEE, zeroes_month=True)
    month.register("member", by="staff", item=month.item(punished))
    month.publish()
    month.close()
    row = month.branch.follow_ups.get(kind="REPORT_EXPLANATION")
    client.force_login(month.users["staff"])

    page = client.get(row.get_absolute_url()).content.decode()
    paper = client.get(reverse("explanation_form", args=[row.pk])).content.decode()

    assert punished.text in page
    assert punished.text not in paper
    assert gettext("a matter registered by the committee") in paper
