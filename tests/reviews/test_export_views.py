"""Exports in the browser: asking, waiting, taking, and being refused."""

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.months import add_months, month_of
from members.models import Event, Position
from members.rights import actor_on, system_actor
from reviews.models import Export
from reviews.services import exports as services
from reviews.services.year_end import close_year
from tests.factories import BranchFactory, CommitteeFactory, MemberFactory, StaffAppointmentFactory
from tests.reviews.exporting import ask
from tests.reviews.final_results import even_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch():
    return BranchFactory(name="甲党支部")


@pytest.fixture
def secretary(branch):
    return MemberFactory(branch=branch, position=(branch, "SECRETARY")).user


@pytest.fixture
def staff(branch):
    return StaffAppointmentFactory(committee=branch.committee).user


def month(back=0):
    return f"{add_months(month_of(timezone.localdate()), -back):%Y-%m}"


def asked(user, kind="BURDEN", **more):
    actor = actor_on(user, timezone.localdate())
    span = {"first": month(), "last": month()} if kind in ("BURDEN", "LEDGER") else {}
    return ask(kind, actor, at=timezone.now(), **span, **more)


def test_a_secretary_asks_for_the_own_ledger_and_takes_it(client, branch, secretary):
    client.force_login(secretary)
    form = client.get(reverse("new_export", args=["ledger"])).context["form"]
    assert list(form.fields) == ["first_month", "last_month"]

    answer = client.post(
        reverse("new_export", args=["ledger"]), {"first_month": month(2), "last_month": month()}
    )
    export = Export.objects.get()
    assert answer["Location"] == export.get_absolute_url()
    assert list(export.branches.all()) == [branch]
    page = client.get(export.get_absolute_url()).content.decode()
    assert reverse("export_file", args=[export.pk]) in page
    assert "hx-get" not in page

    file = client.get(reverse("export_file", args=[export.pk]))
    assert b"".join(file).startswith(b"PK")
    assert (file["Cache-Control"], "attachment" in file["Content-Disposition"]) == (
        "no-store",
        True,
    )
    event = Event.objects.get(verb="download_export")
    assert (event.by, event.branch, event.details["kind"]) == (secretary, branch, "LEDGER")


def test_a_bad_span_comes_back_with_what_was_typed(client, secretary):
    client.force_login(secretary)
    for first, last in ((month(), month(1)), ("1999-01", "2026-01")):
        answer = client.post(
            reverse("new_export", args=["ledger"]), {"first_month": first, "last_month": last}
        )
        assert answer.status_code == 422
        assert f'value="{first}"' in answer.content.decode()
    assert not Export.objects.exists()


def test_staff_choose_all_a_committee_or_a_branch(client, branch, staff):
    lower = CommitteeFactory(parent=branch.committee)
    other = BranchFactory(committee=lower)
    foreign = BranchFactory()
    client.force_login(staff)

    def scope(choice):
        Export.objects.all().delete()
        answer = client.post(reverse("new_export", args=["roll"]), {"scope": choice})
        if answer.status_code != 302:
            return answer.status_code
        return set(Export.objects.get().branches.all())

    assert scope("all") == {branch, other}
    assert scope(f"c{lower.pk}") == {other}
    assert scope(f"b{branch.pk}") == {branch}
    assert scope(f"b{foreign.pk}") == 422
    assert scope(f"c{foreign.committee_id}") == 422
    page = client.get(reverse("new_export", args=["roll"]), {"scope": f"b{other.pk}"})
    assert f'value="b{other.pk}" selected' in page.content.decode()


def test_kinds_for_staff_alone_are_refused_and_unknown_ones_do_not_exist(client, secretary):
    client.force_login(secretary)

    assert client.get(reverse("new_export", args=["roll"])).status_code == 403
    assert client.post(reverse("new_export", args=["progress"])).status_code == 403
    assert client.get(reverse("new_export", args=["passwords"])).status_code == 404


def test_what_has_nothing_to_choose_says_when_there_will_be(client, secretary):
    client.force_login(secretary)
    for kind in ("publication", "publication-notice", "year", "performance", "follow-ups"):
        page = client.get(reverse("new_export", args=[kind])).content.decode()
        assert '<form class="form"' not in page


def test_the_latest_year_with_final_figures_is_chosen_beforehand(client, branch, staff):
    for year, provisional in ((2024, False), (2025, False), (2026, True)):
        even_year(branch, year, [80], at=timezone.now())
        close_year(
            committee=branch.committee,
            year=year,
            provisional=provisional,
            by=system_actor(),
            at=timezone.now(),
        )
    client.force_login(staff)

    form = client.get(reverse("new_export", args=["year"])).context["form"]
    assert [year for year, _label in form.fields["year"].choices] == [2026, 2025, 2024]
    assert form["year"].value() == 2025
    asked_for = client.get(reverse("new_export", args=["year"]), {"year": "2026"})
    assert asked_for.context["form"]["year"].value() == "2026"


def test_while_it_is_made_the_page_asks_again(client, secretary):
    export = asked(secretary)
    client.force_login(secretary)

    page = client.get(export.get_absolute_url()).content.decode()
    part = client.get(export.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert f'hx-get="{export.get_absolute_url()}"' in page
    assert part.lstrip().startswith("<section")
    early = client.get(reverse("export_file", args=[export.pk]))
    assert early["Location"] == export.get_absolute_url()

    services.make(export_id=export.pk, clock=timezone.now)
    part = client.get(export.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in part
    assert reverse("export_file", args=[export.pk]) in part


def test_after_a_failure_the_page_says_when_it_is_tried_again(client, secretary):
    export = asked(secretary)
    Export.objects.update(attempts=1, error="OSError: secret path")
    client.force_login(secretary)

    page = client.get(export.get_absolute_url())
    row, text = page.context["row"], page.content.decode()

    assert (row.minutes, row.attempts_left) == (10, 2)
    said = "It is tried again by itself within %(minutes)s minutes, %(left)s times at most. "
    said = _(said + "There is nothing you have to do.") % {"minutes": 10, "left": 2}
    assert said in text
    assert "secret path" not in text
    assert "hx-get" in text


def test_a_failed_or_expired_one_is_offered_again(client, branch, secretary):
    client.force_login(secretary)
    export = asked(secretary)
    services.make(export_id=export.pk, clock=timezone.now)
    Export.objects.update(state="EXPIRED", file="")

    page = client.get(export.get_absolute_url()).content.decode()
    again = f"{reverse('new_export', args=['burden'])}?first_month={month()}"
    assert again in page
    Export.objects.update(state="FAILED", error="OSError: secret path", attempts=3)
    page = client.get(export.get_absolute_url()).content.decode()
    assert again in page
    assert "secret path" not in page


def test_somebody_elses_export_does_not_exist(client, branch, secretary, staff):
    export = asked(secretary)
    services.make(export_id=export.pk, clock=timezone.now)
    client.force_login(staff)

    assert client.get(export.get_absolute_url()).status_code == 404
    assert client.get(reverse("export_file", args=[export.pk])).status_code == 404
    assert client.get(reverse("exports")).context["rows"] == []


def test_a_former_secretary_has_no_file_any_more(client, branch, secretary):
    export = asked(secretary, "FOLLOW_UPS", year=timezone.localdate().year)
    services.make(export_id=export.pk, clock=timezone.now)
    client.force_login(secretary)
    address = reverse("export_file", args=[export.pk])
    assert client.get(address).status_code == 200

    Position.objects.update(kind="PUBLICITY")
    assert client.get(address).status_code == 404
    Position.objects.update(ends_on=timezone.localdate() - timezone.timedelta(days=1))
    assert client.get(address).status_code == 403
    assert Event.objects.filter(verb="download_export").count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(
    client, secretary, django_assert_num_queries, count
):
    for _number in range(count):
        services.make(export_id=asked(secretary).pk, clock=timezone.now)
    client.force_login(secretary)

    with django_assert_num_queries(9):
        rows = client.get(reverse("exports")).context["rows"]
    assert [row.scope for row in rows] == ["甲党支部"] * count
