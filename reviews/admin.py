"""What administrators can look up: that something is there, in which state, since when and by
whom. Records, cases and threads, and the figures of a year, have no table here: they are read on
their own pages by those concerned (domain.md §8, §10)."""

from django.contrib import admin
from import_export.resources import ModelResource

from lib.administration import Ledger, PlainWorkbook
from members.table_exports import LoggedExport
from reviews.models import (
    Appeal,
    Appraisal,
    Export,
    FollowUp,
    JobRun,
    Meeting,
    Nomination,
    Objection,
    Opinion,
    Publication,
    Round,
    SpotCheck,
    Verification,
    YearEnd,
)

# What people wrote of a follow-up: the member, who held it and the committee read it.
WRITTEN = ["closing_note", "withdrawal_reason"]


@admin.register(Round)
class RoundAdmin(LoggedExport, Ledger):
    formats = [PlainWorkbook]
    list_display = ["branch", "month", "state", "declare_by", "review_by", "closed_at"]
    list_filter = ["state"]
    list_select_related = ["branch"]
    date_hierarchy = "month"


@admin.register(Meeting)
class MeetingAdmin(Ledger):
    list_display = ["round", "kind", "held_on", "recorded_by", "recorded_at"]
    list_filter = ["kind"]
    list_select_related = ["round__branch", "recorded_by__member"]
    fields = ["round", "kind", "held_on", "recorded_by", "recorded_at"]


@admin.register(Publication)
class PublicationAdmin(Ledger):
    list_display = ["round", "starts_on", "ends_on", "published_by"]
    list_select_related = ["round__branch", "published_by__member"]


@admin.register(Objection)
class ObjectionAdmin(Ledger):
    list_display = ["publication", "member", "raised_at", "state", "answered_by"]
    list_filter = ["state"]
    list_select_related = ["publication__round__branch", "member", "answered_by__member"]


@admin.register(Verification)
class VerificationAdmin(Ledger):
    list_display = ["publication", "member", "answer", "answered_at"]
    list_filter = ["answer"]
    list_select_related = ["publication__round__branch", "member"]
    search_fields = ["member__name", "member__staff_no"]


@admin.register(Appeal)
class AppealAdmin(Ledger):
    list_display = ["member", "branch", "raised_at", "decide_by", "state", "decided_by"]
    list_filter = ["state"]
    list_select_related = ["member", "branch", "decided_by__member"]
    search_fields = ["member__name", "member__staff_no"]
    fields = ["member", "branch", "raised_at", "decide_by", "state", "decided_by", "decided_at"]


@admin.register(SpotCheck)
class SpotCheckAdmin(Ledger):
    list_display = ["committee", "first_month", "last_month", "drawn_at", "drawn_by", "inspect_by"]
    list_select_related = ["committee", "drawn_by__member"]
    fields = [
        "committee",
        "first_month",
        "last_month",
        "drawn_at",
        "drawn_by",
        "inspect_by",
        "seed",
        "algorithm",
        "pool_size",
        "pool_digest",
    ]


class FollowUpTable(ModelResource):
    """The table in Excel, without what people wrote."""

    class Meta:
        model = FollowUp
        exclude = WRITTEN


@admin.register(FollowUp)
class FollowUpAdmin(LoggedExport, Ledger):
    formats = [PlainWorkbook]
    resource_classes = [FollowUpTable]
    exclude = WRITTEN
    list_display = ["kind", "branch", "member", "holder", "trigger_month", "state", "due_on"]
    list_filter = ["kind", "state"]
    list_select_related = ["branch", "member", "holder"]


@admin.register(YearEnd)
class YearEndAdmin(Ledger):
    list_display = ["committee", "year", "state", "computed_at", "computed_by"]
    list_select_related = ["committee", "computed_by__member"]


@admin.register(Nomination)
class NominationAdmin(Ledger):
    list_display = ["year", "branch", "member", "award", "nominated_by", "withdrawn_at"]
    list_filter = ["year", "award"]
    list_select_related = ["branch", "member", "nominated_by__member"]
    search_fields = ["member__name", "member__staff_no"]
    fields = [
        "year",
        "branch",
        "member",
        "award",
        "nominated_by",
        "withdrawn_at",
        "nominated_at",
        "withdrawn_by",
    ]


@admin.register(Appraisal)
class AppraisalAdmin(Ledger):
    list_display = ["year", "branch", "member", "number", "is_current", "held_on", "entered_by"]
    list_filter = ["year", "is_current"]
    list_select_related = ["branch", "member", "entered_by__member"]
    search_fields = ["member__name", "member__staff_no"]
    fields = [
        "year",
        "branch",
        "member",
        "number",
        "is_current",
        "held_on",
        "entered_by",
        "entered_at",
    ]


@admin.register(Opinion)
class OpinionAdmin(Ledger):
    list_display = ["year", "branch", "member", "kind", "state", "issued_at", "confirm_by"]
    list_filter = ["year", "kind", "state"]
    list_select_related = ["branch", "member"]
    search_fields = ["member__name", "member__staff_no"]
    fields = [
        "year",
        "branch",
        "member",
        "kind",
        "state",
        "issued_at",
        "confirm_by",
        "issued_by",
        "answered_by",
        "answered_at",
        "withdrawn_at",
    ]


@admin.register(Export)
class ExportAdmin(Ledger):
    list_display = ["kind", "state", "requested_by", "requested_at", "attempts", "size"]
    list_filter = ["kind", "state"]
    list_select_related = ["requested_by__member"]
    fields = [
        "kind",
        "state",
        "requested_by",
        "requested_at",
        "attempts",
        "size",
        "started_at",
        "finished_at",
        "done",
        "total",
        "sha256",
        "error",
    ]


@admin.register(JobRun)
class JobRunAdmin(Ledger):
    list_display = ["job", "key", "state", "attempts", "started_at", "finished_at"]
    list_filter = ["job", "state"]
