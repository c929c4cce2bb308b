from django.contrib import admin

from lib.administration import Ledger, PlainWorkbook
from members.table_exports import LoggedExport
from reviews.models import FollowUp, JobRun, Objection, Publication, Round, YearEnd


@admin.register(Round)
class RoundAdmin(LoggedExport, Ledger):
    formats = [PlainWorkbook]
    list_display = ["branch", "month", "state", "declare_by", "review_by", "closed_at"]
    list_filter = ["state"]
    list_select_related = ["branch"]
    date_hierarchy = "month"


@admin.register(Publication)
class PublicationAdmin(Ledger):
    list_display = ["round", "starts_on", "ends_on", "published_by"]
    list_select_related = ["round__branch", "published_by__member"]


@admin.register(Objection)
class ObjectionAdmin(Ledger):
    list_display = ["publication", "member", "raised_at", "state", "answered_by"]
    list_filter = ["state"]
    list_select_related = ["publication__round__branch", "member", "answered_by__member"]


@admin.register(FollowUp)
class FollowUpAdmin(LoggedExport, Ledger):
    formats = [PlainWorkbook]
    list_display = ["kind", "branch", "member", "holder", "trigger_month", "state", "due_on"]
    list_filter = ["kind", "state"]
    list_select_related = ["branch", "member", "holder"]


@admin.register(YearEnd)
class YearEndAdmin(Ledger):
    list_display = ["committee", "year", "state", "computed_at", "computed_by"]
    list_select_related = ["committee", "computed_by__member"]


@admin.register(JobRun)
class JobRunAdmin(Ledger):
    list_display = ["job", "key", "state", "attempts", "started_at", "finished_at"]
    list_filter = ["job", "state"]
