"""What the committee registered (党委登记) is read by the member concerned and the committee;
every page of the branch shows its points, and nothing of what it is about (domain.md §10)."""

from dataclasses import replace

import pytest
from django.urls import reverse

from points.models import Criterion, Entry, Registration
from tests.reviews.branch_month import BranchMonth

pytestmark = pytest.mark.django_db

SECRETS = ("受到诫勉谈话", "JL-05B", "违规操办酒席", "机纪〔2026〕77号")
# Who sits on the branch committee, and the rest of the branch; the member concerned and the
# committee's staff read everything.
OTHERS = ("secretary", "deputy", "other")


@pytest.fixture
def month() -> BranchMonth:
    month = BranchMonth()
    Criterion.objects.filter(pk=month.punished.pk).update(text=SECRETS[0], code=SECRETS[1])
    month.punished.refresh_from_db()
    item = replace(month.item(month.punished), reason=SECRETS[2], document_no=SECRETS[3])
    month.register("member", by="staff", item=item)
    return month


def read(client, month, who, url) -> str:
    """What the page says to this person; nothing where it does not exist for them."""
    client.force_login(month.users[who])
    return client.get(url).content.decode()


def told(text: str) -> set[str]:
    return {secret for secret in SECRETS if secret in text}


def pages_under_review(month) -> dict[str, str]:
    pk, entry = month.round.pk, Entry.objects.get(criterion=month.punished)
    register = f"{reverse('register')}?round={pk}"
    return {
        "home": reverse("home"),
        "register": f"{register}&way=item",
        "register activity": f"{register}&way=activity",
        "register committee": f"{register}&way=committee",
        "registration": reverse("registration", args=[Registration.objects.get().pk]),
        "month": reverse("month_rounds", args=[2026, 10]),
        "round": reverse("round", args=[pk]),
        "review": reverse("review", args=[pk]) + "?show=all",
        "review twice": reverse("review", args=[pk]) + "?show=warned",
        "decide": reverse("decide_entry", args=[pk, entry.pk]),
        "line": reverse("decide_entry", args=[pk, entry.pk]) + "?cancel",
        "results": reverse("round_results", args=[pk]),
        "declaration": reverse("declaration_of", args=[month.sheet("member").pk]),
        "notices": reverse("notices"),
    }


def pages_when_published(month) -> dict[str, str]:
    line = month.result("member").lines.get()
    objection = month.object(line=line, text="请核对")
    publication = month.round.publication
    return {
        "home": reverse("home"),
        "register": f"{reverse('register')}?round={month.round.pk}&way=item",
        "registration": reverse("registration", args=[Registration.objects.get().pk]),
        "round": reverse("round", args=[month.round.pk]),
        "publication": reverse("publication", args=[publication.pk]),
        "notice": reverse("publication_notice", args=[publication.pk]),
        "result": reverse("result", args=[2026, 10]),
        "objections": reverse("objections"),
        "objection": reverse("objection", args=[objection.pk]),
        "declaration": reverse("declaration_of", args=[month.sheet("member").pk]),
        "notices": reverse("notices"),
    }


def test_the_secretary_gets_to_the_pages_that_are_looked_at(client, month):
    client.force_login(month.users["secretary"])
    month.start()
    first = {name: client.get(url).status_code for name, url in pages_under_review(month).items()}
    month.meet()
    month.conclude()
    second = {n: client.get(url).status_code for n, url in pages_when_published(month).items()}

    assert {name for name, status in first.items() if status >= 400} == {"registration", "decide"}
    assert {name for name, status in second.items() if status >= 400} == {"registration"}


@pytest.mark.parametrize("who", OTHERS)
def test_the_branch_reads_nothing_of_it_under_review(client, month, who):
    month.start()

    leaks = {
        name: found
        for name, url in pages_under_review(month).items()
        if (found := told(read(client, month, who, url)))
    }
    assert leaks == {}


@pytest.mark.parametrize("who", OTHERS)
def test_the_branch_reads_nothing_of_it_when_published(client, month, who):
    month.publish()

    leaks = {
        name: found
        for name, url in pages_when_published(month).items()
        if (found := told(read(client, month, who, url)))
    }
    assert leaks == {}


def test_nor_in_a_follow_up_nor_on_the_year_pages(client, month):
    month.register("member")
    month.publish()
    month.close()
    talk = month.member.follow_ups.get()

    for who in OTHERS:
        urls = (talk.get_absolute_url(), reverse("follow_ups"), reverse("year", args=[2026]))
        assert [told(read(client, month, who, url)) for url in urls] == [set(), set(), set()]


def test_an_undone_one_is_not_named_in_the_review_either(client, month):
    month.start()
    month.undo(Registration.objects.get(), by="staff")
    entry = Entry.objects.get(criterion=month.punished)
    client.force_login(month.users["secretary"])
    url = reverse("decide_entry", args=[month.round.pk, entry.pk])

    assert told(client.get(url, HTTP_HX_REQUEST="true").content.decode()) == set()


def test_the_committee_reads_everything(client, month):
    month.start()
    pages = pages_under_review(month)

    assert told(read(client, month, "staff", pages["registration"])) == set(SECRETS)
    assert told(read(client, month, "staff", pages["register committee"])) >= set(SECRETS[2:])
    assert told(read(client, month, "staff", pages["review"])) == set(SECRETS)


def test_the_member_reads_everything_on_the_own_result(client, month):
    month.publish()

    assert told(read(client, month, "member", reverse("result", args=[2026, 10]))) == set(SECRETS)


def test_the_branch_sees_the_points(client, month):
    month.start()
    client.force_login(month.users["secretary"])
    grid = client.get(pages_under_review(month)["review"]).context["grid"]

    (line,) = next(sheet.lines for sheet in grid.sheets if sheet.member == month.member)
    assert line.is_hidden
    assert line.entry.claimed_points == month.punished.points
