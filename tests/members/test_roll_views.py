"""The roll: search, organisations, a member's career, and the import in two steps."""

from datetime import date, timedelta
from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from lib.steps import Refused
from members.models import Event, Exemption, Member, Membership, Position, RollChange
from members.services import uploads
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    LeadershipDutyFactory,
    MemberFactory,
    StaffAppointmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def committee(db):
    return CommitteeFactory(name="厅机关党委")


@pytest.fixture
def branch(committee):
    return BranchFactory(committee=committee, name="办公室党支部")


@pytest.fixture
def staff(client, committee):
    user = StaffAppointmentFactory(committee=committee).user
    client.force_login(user)
    return user


def names(client, **query):
    page = client.get(reverse("roll"), query)
    return [row.member.name for row in page.context["rows"]]


def zhang(branch, **more):
    return MemberFactory(
        branch=branch,
        name="张晓东",
        staff_no="R1001",
        pinyin="zhangxiaodong",
        initials="zxd",
        **more,
    )


@pytest.mark.parametrize(
    "words", ["晓东", "张晓东", "R1001", "zhangx", "zxd", "ZXD", " 张  R1001 "]
)
def test_a_member_is_found_by_name_number_pinyin_and_initials(client, staff, branch, words):
    zhang(branch)
    MemberFactory(branch=branch, name="李明", staff_no="R2", pinyin="liming", initials="lm")

    assert names(client, q=words) == ["张晓东"]


def test_a_search_without_result_says_what_to_try(client, staff, branch):
    zhang(branch)

    page = client.get(reverse("roll"), {"q": "王"}).content.decode()

    assert "没有符合条件的党员" in page


def test_staff_see_the_members_of_their_own_subtree_only(client, staff, branch, committee):
    below = BranchFactory(committee=CommitteeFactory(parent=committee))
    zhang(branch)
    MemberFactory(branch=below, name="李明")
    MemberFactory(branch=BranchFactory(), name="外单位")
    gone = MemberFactory(name="已转出")
    Membership.objects.create(member=gone, branch=branch, ends_on=date(2020, 1, 1))

    assert names(client) == ["张晓东", "李明"]
    assert names(client, branch=below.pk) == ["李明"]
    assert client.get(reverse("roll_member", args=[gone.pk])).status_code == 200
    away = MemberFactory(name="外单位已转出")
    Membership.objects.create(member=away, branch=BranchFactory(), ends_on=date(2020, 1, 1))
    assert client.get(reverse("roll_member", args=[away.pk])).status_code == 404


def test_those_who_left_are_found_by_their_last_branch(client, staff, branch, committee):
    zhang(branch)
    gone = MemberFactory(name="已转出", pinyin="yizhuanchu", initials="yzc")
    other = BranchFactory(committee=committee)
    Membership.objects.create(member=gone, branch=other, ends_on=date(2019, 1, 1))
    Membership.objects.create(
        member=gone,
        branch=branch,
        starts_on=date(2019, 1, 2),
        ends_on=date(2020, 1, 1),
        end_reason="TRANSFERRED_OUT",
    )
    moved = MemberFactory(name="转到外单位")
    Membership.objects.create(member=moved, branch=branch, ends_on=date(2020, 1, 1))
    Membership.objects.create(member=moved, branch=BranchFactory(), starts_on=date(2020, 1, 2))

    assert names(client) == ["张晓东"]
    assert names(client, who="gone") == ["已转出"]
    assert names(client, who="gone", q="yzc") == ["已转出"]
    assert names(client, who="gone", branch=other.pk) == []
    assert names(client, who="all") == ["张晓东", "已转出"]
    assert names(client, who="all", branch=branch.pk) == ["张晓东", "已转出"]
    (row,) = client.get(reverse("roll"), {"who": "gone"}).context["rows"]
    assert (row.branch, row.left_on) == ("办公室党支部", date(2020, 1, 1))


def test_somebody_who_is_still_to_come_stands_there_with_the_day(client, staff, branch):
    starts_on = timezone.localdate() + timedelta(days=10)
    Membership.objects.create(member=MemberFactory(name="新来"), branch=branch, starts_on=starts_on)

    (row,) = client.get(reverse("roll")).context["rows"]

    assert (row.branch, row.since) == ("办公室党支部", starts_on)


@pytest.mark.parametrize("people", [1, 3])
def test_list_asks_the_same_whatever_its_length(
    client, staff, branch, django_assert_num_queries, people
):
    for _ in range(people):
        MemberFactory(branch=branch, position=(branch, "ORGANISATION"))

    with django_assert_num_queries(11):
        client.get(reverse("roll"))


@pytest.mark.parametrize("people", [1, 3])
def test_those_who_left_ask_the_same_whatever_their_number(
    client, staff, branch, django_assert_num_queries, people
):
    for _ in range(people):
        member = MemberFactory()
        Membership.objects.create(member=member, branch=branch, ends_on=date(2020, 1, 1))

    with django_assert_num_queries(11):
        page = client.get(reverse("roll"), {"who": "gone"})

    assert len(page.context["rows"]) == people


@pytest.mark.parametrize("changes", [1, 3])
def test_a_member_asks_the_same_however_long_their_history(
    client, staff, branch, django_assert_num_queries, changes
):
    member = zhang(branch)
    for _ in range(changes):
        RollChange.objects.create(
            member=member,
            kind="POSITION",
            takes_effect_on=date(2026, 1, 1),
            text="任职",
            made_by=staff,
            made_at=timezone.now(),
        )

    with django_assert_num_queries(13):
        client.get(reverse("roll_member", args=[member.pk]))


@pytest.mark.parametrize("branches", [1, 3])
def test_organisations_ask_the_same_whatever_their_number(
    client, staff, committee, django_assert_num_queries, branches
):
    for _ in range(branches):
        one = BranchFactory(committee=committee)
        MemberFactory(branch=one, position=(one, "SECRETARY"))

    with django_assert_num_queries(11):
        page = client.get(reverse("roll"), {"show": "organisations"})

    (organisation,) = page.context["organisations"]
    assert [row.members for row in organisation.branches] == [1] * branches


def test_a_member_shows_what_they_were_and_are(client, staff, branch):
    member = zhang(branch, position=(branch, "SECRETARY"))
    LeadershipDutyFactory(leader=member, branch=branch)
    Exemption.objects.create(
        member=member,
        first_month=date(2026, 3, 1),
        last_month=date(2026, 4, 1),
        reason="驻村帮扶",
        approved_by=staff,
        approved_at=timezone.now(),
    )

    page = client.get(reverse("roll_member", args=[member.pk])).content.decode()

    for text in ("办公室党支部 · 支部书记", "分管 · 办公室党支部", "驻村帮扶"):
        assert text in page


def test_particulars_are_put_right(client, staff, branch):
    member = zhang(branch)
    url = reverse("roll_particulars", args=[member.pk])

    wrong = client.post(url, {"staff_no": "", "name": "张小东"})
    assert wrong.status_code == 422
    assert "张小东" in wrong.content.decode()

    right = client.post(url, {"staff_no": "R1001", "name": "张小东", "phone": "139"})
    assert right["Location"] == reverse("roll_member", args=[member.pk])
    member.refresh_from_db()
    assert (member.name, member.pinyin, member.phone) == ("张小东", "zhangxiaodong", "139")
    assert names(client, q="小东") == ["张小东"]


# -- first passwords -----------------------------------------------------------------------


def sheet(response):
    book = openpyxl.load_workbook(BytesIO(response.content))
    return [row[1] for row in book.active.iter_rows(min_row=2, values_only=True)]


def without_password(member):
    member.user.set_unusable_password()
    member.user.save()
    return member


def test_first_passwords_come_as_a_file_that_is_not_kept(client, staff, branch, tmp_path):
    member = without_password(zhang(branch))
    without_password(MemberFactory(branch=BranchFactory()))

    response = client.post(reverse("roll_passwords"))

    assert sheet(response) == ["R1001"]
    assert response["Cache-Control"] == "no-store"
    assert list(tmp_path.iterdir()) == []
    member.user.refresh_from_db()
    assert member.user.must_change_password
    event = Event.objects.get(verb="issue_passwords")
    assert (event.by, event.details["count"], event.details["scope"]) == (
        staff,
        1,
        ["办公室党支部"],
    )
    assert client.post(reverse("roll_passwords")).status_code == 302


def test_strips_that_were_never_used_are_void_when_issued_anew(client, staff, branch):
    member = without_password(zhang(branch))
    client.post(reverse("roll_passwords"))
    member.user.refresh_from_db()
    first = member.user.password

    page = client.get(reverse("roll_passwords"))
    assert (page.context["waiting"].without, page.context["waiting"].unused) == (0, 1)
    response = client.post(reverse("roll_passwords"), {"who": "unused", "branch": branch.pk})

    assert sheet(response) == ["R1001"]
    member.user.refresh_from_db()
    assert member.user.password != first


def test_somebody_who_forgot_gets_a_password_of_their_own_only(client, staff, branch):
    member = zhang(branch)
    member.user.set_password("secret-of-zhang")
    member.user.save()
    without_password(MemberFactory(branch=branch))

    response = client.post(reverse("roll_passwords"), {"member": member.pk})

    assert sheet(response) == ["R1001"]


def test_no_password_out_of_reach_nor_for_those_above(client, staff, branch):
    outside = MemberFactory(branch=BranchFactory())
    chief = MemberFactory(branch=branch, user=UserFactory(is_superuser=True))
    above = MemberFactory(branch=branch)
    StaffAppointmentFactory(user=above.user)
    url = reverse("roll_passwords")

    assert client.post(url, {"member": outside.pk}).status_code == 404
    assert client.post(url, {"branch": outside.memberships.get().branch_id}).status_code == 404
    for member in (chief, above):
        before = type(member.user).objects.get(pk=member.user_id).password
        assert client.post(url, {"member": member.pk}).status_code == 302
        assert type(member.user).objects.get(pk=member.user_id).password == before
    assert not Event.objects.filter(verb="issue_passwords").exists()


def test_too_many_passwords_at_once_are_refused(client, staff, branch, monkeypatch):
    monkeypatch.setattr("members.views.passwords.MOST_AT_ONCE", 1)
    for _ in range(2):
        without_password(MemberFactory(branch=branch))

    assert client.post(reverse("roll_passwords"))["Location"] == reverse("roll_passwords")
    assert not Event.objects.filter(verb="issue_passwords").exists()


# -- import --------------------------------------------------------------------------------


def workbook(*members):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "党组织"
    sheet.append(["名称", "类型", "上级党组织"])
    sheet.append(["信息中心党支部", "党支部", "厅机关党委"])
    sheet = book.create_sheet("党员名册")
    sheet.append(["支部", "工号", "姓名", "党内职务"])
    for row in members:
        sheet.append(row)
    content = BytesIO()
    book.save(content)
    return SimpleUploadedFile("roll.xlsx", content.getvalue())


GOOD = ("信息中心党支部", "R2001", "陈立群", "支部书记")


def upload(client, *members, **more):
    return client.post(reverse("roll_import"), {"file": workbook(*members), **more})


def test_import_shows_every_change_and_writes_on_confirmation_only(client, staff, committee):
    preview = upload(client, GOOD)["Location"]

    page = client.get(preview)
    assert [change.name for change in page.context["page"].object_list] == ["陈立群"]
    assert page.context["writes"]
    assert not Member.objects.filter(staff_no="R2001").exists()

    assert client.post(preview)["Location"] == reverse("roll")
    assert Position.objects.get(member__staff_no="R2001").kind == "SECRETARY"
    assert Event.objects.filter(verb="import_roll", by=staff).count() == 1


def test_confirming_twice_imports_once(client, staff, committee):
    preview = upload(client, GOOD)["Location"]

    client.post(preview)
    again = client.post(preview)

    assert again["Location"] == reverse("roll_import")
    assert Member.objects.filter(staff_no="R2001").count() == 1
    assert Event.objects.filter(verb="import_roll").count() == 1


def test_import_lists_every_problem_and_cannot_be_confirmed(client, staff, committee):
    bad = [("没有的党支部", "R1", "甲", "支部书记"), ("信息中心党支部", "", "乙", "主任")]
    preview = upload(client, GOOD, *bad)["Location"]

    page = client.get(preview)
    places = {(p.sheet, p.row, p.column, p.value) for p in page.context["report"].problems}
    assert ("党员名册", 3, "支部", "没有的党支部") in places
    assert ("党员名册", 4, "党内职务", "主任") in places
    assert ("党员名册", 4, "工号", "") in places
    assert not page.context["writes"]

    assert client.post(preview).status_code == 200
    assert not Member.objects.exists()


def test_a_file_that_is_no_workbook_gets_a_clear_answer(client, staff):
    file = SimpleUploadedFile("roll.xlsx", b"hello")
    preview = client.post(reverse("roll_import"), {"file": file})["Location"]

    page = client.get(preview)

    assert len(page.context["report"].problems) == 1


def test_the_month_from_which_changes_count_goes_along(client, staff, committee):
    response = upload(client, GOOD, as_of="2026年5月")

    assert response["Location"].endswith("?as_of=2026-05")
    assert client.get(response["Location"]).context["report"].start == date(2026, 5, 1)
    client.post(response["Location"].split("?")[0], {"as_of": "2026-05"})
    assert Membership.objects.get().starts_on == date(2026, 5, 1)


def test_a_month_that_is_none_is_refused(client, staff):
    page = upload(client, GOOD, as_of="五月")

    assert page.context["form"].errors.keys() == {"as_of"}


def test_an_upload_is_its_uploaders_and_the_last_one_only(client, staff):
    now = timezone.now()
    first = uploads.keep(user=staff, content=b"first", at=now)
    second = uploads.keep(user=staff, content=b"second", at=now)

    assert uploads.fetch(user=staff, token=second, at=now) == b"second"
    for user, token, at in (
        (staff, first, now),
        (UserFactory(), second, now),
        (staff, second, now + timedelta(hours=2)),
    ):
        with pytest.raises(Refused):
            uploads.fetch(user=user, token=token, at=at)


def test_an_administrator_imports_the_first_roll(client):
    client.force_login(UserFactory(is_superuser=True))
    book = openpyxl.load_workbook(BytesIO(workbook(GOOD).read()))
    book["党组织"].append(["厅机关党委", "党委", ""])
    content = BytesIO()
    book.save(content)
    file = SimpleUploadedFile("roll.xlsx", content.getvalue())

    preview = client.post(reverse("roll_import"), {"file": file})["Location"]
    client.post(preview)

    assert names(client) == ["陈立群"]
    assert Membership.objects.get().starts_on is None
