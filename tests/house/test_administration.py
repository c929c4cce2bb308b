"""Django's admin: administrators only, ledgers read-only, Excel through the one door."""

from io import BytesIO

import openpyxl
import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from branches.models import Branch
from lib.administration import Ledger, PlainWorkbook
from lib.excel import Unreadable
from members.models import Event
from reviews.models import FollowUp, Opinion
from tests.factories import BranchFactory, MemberFactory, StaffAppointmentFactory, UserFactory
from tests.reviews.branch_year import AT, DAY, YEAR, BranchYear

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


# What was said, decided or found, and the figures of a year, are read on their own pages.
WITHOUT_A_TABLE = {
    "AnnualResult",
    "Attachment",
    "BranchAnnualResult",
    "Disposition",
    "FollowUpFile",
    "FollowUpMonth",
    "FollowUpRecord",
    "Judgement",
    "KeptConfirmation",
    "OpinionFile",
    "Post",
    "Rectification",
    "RectificationCheck",
    "RectificationStep",
    "SpotCheckItem",
}


def test_every_matter_has_a_read_only_table():
    models = {model.__name__ for model in apps.get_app_config("reviews").get_models()}
    tables = {
        model.__name__: table
        for model, table in admin.site._registry.items()
        if model._meta.app_label == "reviews"
    }

    assert set(tables) == models - WITHOUT_A_TABLE
    assert {name for name, table in tables.items() if not isinstance(table, Ledger)} == set()


def test_an_administrator_sees_that_there_is_an_opinion_not_what_it_says(client):
    year = BranchYear()
    opinion = Opinion.objects.create(
        member=year.people["first"],
        branch=year.branch,
        year=YEAR,
        kind="SANCTION",
        title="通报批评",
        text="长期不参加组织生活",
        issued_by=year.users["staff"],
        issued_at=AT,
        confirm_by=DAY,
    )
    client.force_login(UserFactory(is_superuser=True, is_staff=True))

    page = client.get(reverse("admin:reviews_opinion_change", args=[opinion.pk])).content.decode()

    assert year.people["first"].name in page
    assert opinion.text not in page


def test_an_administrator_reads_nothing_that_was_written_of_a_follow_up(client):
    row = FollowUp.objects.create(
        kind="REPORT_EXPLANATION",
        branch=BranchFactory(),
        year=YEAR,
        state="CLOSED",
        opened_at=AT,
        closed_at=AT,
        closed_by=UserFactory(),
        closing_note="谈话内容机密",
        withdrawal_reason="复核内容机密",
    )
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    wanted = ("state", "closing_note", "withdrawal_reason")
    fields = {f"followuptable_{name}": "on" for name in wanted}

    page = client.get(reverse("admin:reviews_followup_change", args=[row.pk])).content.decode()
    table = client.post(
        reverse("admin:reviews_followup_export"), {"format": "0", "resource": "0"} | fields
    )

    assert str(row.branch) in page
    assert "机密" not in page
    sheet = openpyxl.load_workbook(BytesIO(table.content)).active
    assert [[cell.value for cell in line] for line in sheet] == [["state"], ["CLOSED"]]


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
