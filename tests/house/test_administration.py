"""Django's admin: administrators only, ledgers read-only, Excel through the one door."""

from io import BytesIO

import openpyxl
import pytest
from django.contrib import admin
from django.urls import reverse

from branches.models import Branch
from lib.administration import PlainWorkbook
from lib.excel import Unreadable
from members.models import Event
from tests.factories import BranchFactory, MemberFactory, StaffAppointmentFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_every_table_opens_for_an_administrator(client):
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    MemberFactory(branch=BranchFactory())

    answers = {
        model._meta.label: client.get(
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        ).status_code
        for model in admin.site._registry
    }

    assert set(answers.values()) == {200}, answers


def test_admin_is_closed_to_committee_staff(client):
    client.force_login(StaffAppointmentFactory().user)

    assert client.get(reverse("admin:login")).status_code == 403


def test_admin_sends_strangers_to_the_sign_in_page(client):
    answer = client.get(reverse("admin:index"), follow=True)

    assert answer.redirect_chain[-1][0].startswith(reverse("sign_in"))


def test_ledger_cannot_be_changed_by_hand(client):
    client.force_login(UserFactory(is_superuser=True, is_staff=True))

    assert client.get(reverse("admin:points_entry_add")).status_code == 403


def test_export_keeps_a_text_that_looks_like_a_formula(client):
    BranchFactory(name="=1+1")
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    answer = client.post(
        reverse("admin:branches_branch_export"),
        {"format": "0", "resource": "0", "branchresource_name": "on"},
    )
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active

    assert Branch.objects.get().name == "=1+1"
    values = {cell.value: cell.data_type for row in sheet for cell in row}
    assert values.get("=1+1") == "s"


def test_import_refuses_what_is_no_workbook():
    with pytest.raises(Unreadable):
        PlainWorkbook().create_dataset(b"PK\x03\x04 not a workbook")


def test_a_table_that_an_administrator_takes_out_is_logged(client):
    MemberFactory.create_batch(2)
    by = UserFactory(is_superuser=True, is_staff=True)
    client.force_login(by)
    fields = {"format": "0", "resource": "0", "memberresource_staff_no": "on"}

    assert client.post(reverse("admin:members_member_export"), fields).status_code == 200

    event = Event.objects.get()
    assert (event.by, event.verb) == (by, "export_table")
    assert event.details == {"table": "members.Member", "rows": 2}
