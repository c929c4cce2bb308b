"""The registration page: choose, tick, register, undo."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from django.urls import reverse

from lib.steps import Refused
from points.models import Criterion, Decision, Entry, Registration
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary(client, month):
    client.force_login(month.users["secretary"])
    return client


def page(month, criterion=None, way="item"):
    item = f"&item={criterion.pk}" if criterion else ""
    return f"{reverse('register')}?round={month.round.pk}&way={way}{item}"


def form(month, *names, **more):
    return {
        "token": str(uuid4()),
        "occurred_on": "2026-10-09",
        "times": "1",
        "reason": "第三次党员大会",
        "members": [month.people[name].pk for name in names],
    } | more


def test_page_offers_what_this_person_may_register(client, month):
    offered = {}
    for name in ("secretary", "staff"):
        client.force_login(month.users[name])
        groups = client.get(page(month)).context["groups"]
        offered[name] = {item for group in groups for item, _words in group.items}

    assert offered == {
        "secretary": {month.study, month.absence},
        "staff": {month.punished},
    }


@pytest.mark.parametrize("name", ["member", "other"])
def test_members_are_refused_the_page(client, month, name):
    client.force_login(month.users[name])

    assert client.get(reverse("register")).status_code == 403
    assert client.post(page(month, month.absence), form(month, "member")).status_code == 403


def test_round_of_another_branch_does_not_exist(client, month):
    client.force_login(month.users["secretary elsewhere"])

    assert client.get(page(month)).status_code == 404


def test_registering_for_two_members(secretary, month):
    response = secretary.post(
        page(month, month.absence), form(month, "member", "secretary"), follow=True
    )

    assert Entry.objects.count() == 2
    texts = [str(message) for message in response.context["messages"]]
    assert len(texts) == 2  # registered; and one's own waits for somebody else


def test_sending_the_form_twice_registers_once(secretary, month):
    data = form(month, "member")
    for _time in range(2):
        assert secretary.post(page(month, month.absence), data).status_code == 302

    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"members": []}, "members"),
        ({"occurred_on": "2026-11-01"}, "occurred_on"),
        ({"times": "0"}, "times"),
        ({"reason": "字" * 501}, "reason"),
    ],
)
def test_wrong_form_is_shown_again_with_what_was_typed(secretary, month, change, field):
    data = form(month, "member", "other") | change
    response = secretary.post(page(month, month.absence), data)

    assert field in response.context["form"].errors
    assert response.context["form"].ticked == {str(pk) for pk in data["members"]}
    assert not Entry.objects.exists()


def test_round_concluded_meanwhile_keeps_what_was_typed(secretary, month):
    month.publish()
    response = secretary.post(page(month, month.absence), form(month, "member"))

    assert response.status_code == 422
    assert response.context["form"].non_field_errors()
    assert "第三次党员大会" in response.content.decode()


def test_those_to_whom_the_item_does_not_apply_are_disabled(secretary, month):
    leaders = month.criterion(
        "-5.00", Criterion.RegisteredBy.BRANCH, applies_to=Criterion.AppliesTo.LEADING_CADRE
    )
    response = secretary.get(page(month, leaders))

    assert not any(person.applies for person in response.context["people"])
    response = secretary.post(page(month, leaders), form(month, "member"))
    assert "members" in response.context["form"].errors


def test_undoing_for_everyone(secretary, month):
    registration = month.register("member", "other")
    secretary.post(reverse("registration", args=[registration.pk]), {"reason": "登记有误"})

    assert not Entry.objects.standing().exists()


def test_undoing_without_a_reason_is_refused(secretary, month):
    registration = month.register("member")
    response = secretary.post(
        reverse("registration", args=[registration.pk]), {"reason": ""}, follow=True
    )

    assert [m.level_tag for m in response.context["messages"]] == ["error"]
    assert Entry.objects.standing().exists()


def test_undoing_for_one_member(secretary, month):
    registration = month.register("member", "other")
    data = {"reason": "本人已到会", "entry": month.entry("member").pk}
    secretary.post(reverse("registration", args=[registration.pk]), data)

    assert [entry.member for entry in Entry.objects.standing()] == [month.other]
    assert Decision.objects.get(outcome="WITHDRAWN").reason == "本人已到会"


def test_registration_of_another_branch_does_not_exist(client, month):
    registration = month.register("member")
    client.force_login(month.users["secretary elsewhere"])

    assert client.get(reverse("registration", args=[registration.pk])).status_code == 404


def test_page_costs_the_same_for_one_and_three(secretary, month, django_assert_num_queries):
    for count in (1, 2):
        for _time in range(count):
            month.register("member", "other", item=month.item(month.study))
            MemberFactory(branch=month.branch)
            month.criterion("1.00", Criterion.RegisteredBy.BRANCH)
        with django_assert_num_queries(16):
            secretary.get(page(month, month.absence))


def test_the_committee_registers_with_a_document(client, month):
    client.force_login(month.users["staff"])
    url = page(month, month.punished, way="committee")
    document = {"document_no": "机纪〔2026〕3号", "document_on": "2026-10-08"}

    assert client.post(url, form(month, "member", **document)).status_code == 302
    made = Registration.objects.get()
    assert (made.document_no, made.document_on) == ("机纪〔2026〕3号", date(2026, 10, 8))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"document_no": ""}, "document_no"),
        ({"document_on": ""}, "document_on"),
        ({"document_on": "2999-01-01"}, "document_on"),
    ],
)
def test_the_committee_registers_nothing_without_a_document(client, month, change, field):
    client.force_login(month.users["staff"])
    document = {"document_no": "机纪〔2026〕3号", "document_on": "2026-10-08"} | change
    url = page(month, month.punished, way="committee")
    response = client.post(url, form(month, "member", **document))

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "document",
    [
        {"document_no": "", "document_on": date(2026, 10, 1)},
        {"document_no": "机纪〔2026〕3号", "document_on": None},
        {"document_no": "机纪〔2026〕3号", "document_on": date(2026, 10, 21)},
    ],
)
def test_the_service_refuses_a_committee_matter_without_a_document(month, document):
    item = replace(month.item(month.punished), **document)

    with pytest.raises(Refused):
        month.register("member", by="staff", item=item)


def test_undoing_after_the_conclusion_says_what_to_do_instead(secretary, month):
    registration = month.register("member")
    month.publish()
    url = reverse("registration", args=[registration.pk])
    response = secretary.post(url, {"reason": "登记有误"}, follow=True)

    assert [message.level_tag for message in response.context["messages"]] == ["error"]
    assert Entry.objects.standing().exists()
