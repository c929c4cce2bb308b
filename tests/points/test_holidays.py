"""The State Council's notice of a year, entered by those who keep the calendar of all."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from lib.steps import Refused
from lib.workdays import NamedDay, Span, days_of, library_days, spans
from members.models import Event
from members.rights import actor_on
from points.models import HolidayNotice, SpecialDay
from points.services.calendar import Workdays, enter_year, what_is_wrong
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    StaffAppointmentFactory,
    UserFactory,
)

AT = datetime(2026, 11, 12, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
NUMBER = "国办发明电〔2098〕7号"
NEW_YEAR = Span("元旦", date(2099, 1, 1), date(2099, 1, 3))
SATURDAY = date(2099, 1, 10)


def named(*spans, made_up=()):
    return days_of(spans, made_up)


def test_spans_and_days_are_each_other_s_inverse():
    days = named(NEW_YEAR, Span("春节", date(2099, 1, 4), date(2099, 1, 4)), made_up=[SATURDAY])

    assert spans(days) == [NEW_YEAR, Span("春节", date(2099, 1, 4), date(2099, 1, 4))]
    assert [one.day for one in days if one.is_workday] == [SATURDAY]


def test_the_library_names_the_days_of_a_year():
    days = library_days(2025)

    assert Span("春节", date(2025, 1, 28), date(2025, 2, 4)) in spans(days)
    assert NamedDay(date(2025, 1, 26), True, "春节") in days
    assert library_days(2099) == []


@pytest.mark.parametrize(
    ("number", "days", "count"),
    [
        (NUMBER, named(NEW_YEAR, made_up=[SATURDAY]), 0),
        # The notice of a year may begin in the December before it.
        (NUMBER, named(Span("元旦", date(2098, 12, 31), date(2099, 1, 2))), 0),
        (" ", named(NEW_YEAR), 1),
        (NUMBER, named(made_up=[SATURDAY]), 1),
        (NUMBER, named(NEW_YEAR, made_up=[date(2099, 1, 12)]), 1),
        (NUMBER, named(NEW_YEAR, made_up=[date(2099, 1, 3)]), 1),
        (NUMBER, named(NEW_YEAR, NEW_YEAR), 3),
        (NUMBER, named(NEW_YEAR, Span("元旦", date(2100, 1, 1), date(2100, 1, 1))), 1),
    ],
)
def test_what_is_wrong_with_a_notice(number, days, count):
    assert len(what_is_wrong(2099, number, days)) == count


def put(by, *days, year=2099, number=NUMBER):
    return enter_year(year=year, number=number, days=days, by=actor_on(by, AT.date()), at=AT)


@pytest.mark.django_db
def test_a_year_is_entered_and_entered_again():
    staff = StaffAppointmentFactory().user
    put(staff, *named(NEW_YEAR, made_up=[SATURDAY]))
    put(staff, *named(NEW_YEAR), number="国办发明电〔2098〕9号")

    notice = HolidayNotice.objects.get()
    assert (notice.number, notice.days.count()) == ("国办发明电〔2098〕9号", 3)
    assert not Workdays.load().is_workday(SATURDAY)
    assert list(Event.objects.order_by("pk").values_list("verb", "details__before")) == [
        ("enter_holidays", ""),
        ("enter_holidays", NUMBER),
    ]


@pytest.mark.django_db
def test_a_day_stands_in_one_notice_only():
    staff = StaffAppointmentFactory().user
    put(staff, *named(Span("元旦", date(2098, 12, 31), date(2099, 1, 2))))

    with pytest.raises(Refused):
        put(staff, *named(Span("元旦", date(2098, 12, 31), date(2098, 12, 31))), year=2098)

    assert SpecialDay.objects.count() == 3


def people():
    root = CommitteeFactory()
    branch = BranchFactory(committee=root)
    return {
        "staff of the root": StaffAppointmentFactory(committee=root).user,
        "administrator": UserFactory(is_superuser=True),
        "staff below": StaffAppointmentFactory(committee=CommitteeFactory(parent=root)).user,
        "secretary": MemberFactory(branch=branch, position=(branch, "SECRETARY")).user,
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("staff of the root", True),
        ("administrator", True),
        ("staff below", False),
        ("secretary", False),
    ],
)
def test_who_keeps_the_calendar(client, who, may):
    user = people()[who]
    client.force_login(user)

    assert client.get(reverse("holidays")).context["may_enter"] is may
    assert client.get(reverse("holiday_year", args=[2099])).status_code == (200 if may else 403)
    if may:
        put(user, *named(NEW_YEAR))
    else:
        with pytest.raises(PermissionDenied):
            put(user, *named(NEW_YEAR))


def typed(*rows, number=NUMBER, made_up=""):
    data = {"number": number, "made_up": made_up, "row-TOTAL_FORMS": 9, "row-INITIAL_FORMS": 0}
    for index, (name, first, last) in enumerate(rows):
        data |= {f"row-{index}-name": name, f"row-{index}-first": first, f"row-{index}-last": last}
    return data


@pytest.mark.django_db
def test_a_year_is_typed_in(client):
    client.force_login(StaffAppointmentFactory().user)
    url = reverse("holiday_year", args=[2099])

    assert client.get(url).status_code == 200
    response = client.post(
        url,
        typed(
            ("元旦", "2099-01-01", "2099-01-03"), ("春节", "", ""), made_up="1月10日、2099-01-11"
        ),
    )

    assert response.url == f"{reverse('holidays')}?year=2099"
    assert list(SpecialDay.objects.values_list("day", "is_workday", "name")) == [
        (date(2099, 1, 1), False, "元旦"),
        (date(2099, 1, 2), False, "元旦"),
        (date(2099, 1, 3), False, "元旦"),
        (date(2099, 1, 10), True, ""),
        (date(2099, 1, 11), True, ""),
    ]
    assert NUMBER in client.get(response.url).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data",
    [
        typed(("元旦", "2099-01-01", "2099-01-03"), number=""),
        typed(("元旦", "2099-01-03", "2099-01-01")),
        typed(("元旦", "2099-01-01", "")),
        typed(("元旦", "2099-01-01", "2099-02-01")),
        typed(("元旦", "2099-01-01", "2099-01-03"), made_up="元月"),
        typed(("元旦", "2099-01-01", "2099-01-03"), made_up="2099-01-12"),
    ],
)
def test_a_slip_comes_back_as_typed(client, data):
    client.force_login(StaffAppointmentFactory().user)

    response = client.post(reverse("holiday_year", args=[2099]), data)

    assert response.status_code == 422
    assert data["row-0-first"] in response.content.decode()
    assert not HolidayNotice.objects.exists()


@pytest.mark.django_db
def test_a_year_that_the_library_knows_is_prefilled(client):
    client.force_login(StaffAppointmentFactory().user)

    page = client.get(reverse("holiday_year", args=[2025])).content.decode()

    assert 'value="2025-01-28"' in page
    assert "2025-01-26" in page
