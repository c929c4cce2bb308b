import io
import stat
from datetime import UTC, datetime

import openpyxl
import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command

from branches.models import Branch
from members.imports import apply_roll, parse_roll
from members.models import Event, User
from members.rights import system_actor
from members.services.passwords import issue_passwords, write_passwords
from tests.workbooks import person, roll

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def branches():
    apply_roll(
        parse_roll(roll(person(1), person(2, "法规处党支部", 登录名="law"))),
        by=system_actor(),
        at=AT,
    )
    return list(Branch.objects.values_list("pk", flat=True))


def issue(branches, **kwargs):
    return issue_passwords(branches=branches, by=system_actor(), at=AT, **kwargs)


def test_everybody_without_a_password_gets_one_to_be_changed(branches):
    issued = issue(branches)
    assert [(i.branch, i.staff_no, i.username) for i in issued] == [
        ("办公室党支部", "A1", "A1"),
        ("法规处党支部", "A2", "law"),
    ]
    for one in issued:
        user = User.objects.get(username=one.username)
        assert user.check_password(one.password)
        assert user.must_change_password
        validate_password(one.password, user)
    assert Event.objects.get(verb="issue_passwords").details == {
        "staff_nos": ["A1", "A2"],
        "count": 2,
        "scope": ["办公室党支部", "法规处党支部"],
    }


def test_a_second_run_gives_nothing_out_again_unless_asked(branches):
    first = issue(branches)
    assert issue(branches) == []
    [again] = issue(branches, again=["A1"])
    assert again.staff_no == "A1"
    assert again.password != first[0].password


def test_only_the_branches_asked_for(branches):
    assert [i.staff_no for i in issue(branches[1:])] == ["A2"]


def test_the_list_is_a_workbook_of_text(branches):
    stream = io.BytesIO()
    write_passwords(stream, issue(branches))
    page = openpyxl.load_workbook(stream)["初始密码"]
    assert page.max_row == 3
    assert all(isinstance(cell.value, str) for row in page.iter_rows() for cell in row)


def test_the_command_writes_a_private_file(branches, tmp_path):
    path = tmp_path / "passwords.xlsx"
    call_command("issue_passwords", output=str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    call_command("issue_passwords", output=str(tmp_path / "none.xlsx"))
    assert not (tmp_path / "none.xlsx").exists()
    with pytest.raises(CommandError):
        call_command("issue_passwords", output=str(path), branch="不存在")


def test_passwords_that_cannot_be_written_are_not_given_out(branches, tmp_path):
    with pytest.raises(OSError):
        call_command("issue_passwords", output=str(tmp_path / "no" / "where.xlsx"))
    assert len(issue(branches)) == 2
