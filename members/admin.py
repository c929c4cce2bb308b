from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportExportModelAdmin

from lib.administration import Ledger, PlainWorkbook
from members.models import (
    Event,
    Exemption,
    LeadershipDuty,
    Member,
    Membership,
    Notice,
    Position,
    StaffAppointment,
    User,
)
from members.table_exports import LoggedExport


@admin.register(User)
class AccountAdmin(UserAdmin):
    list_display = ["username", "member", "is_active", "is_superuser", "last_login"]
    list_select_related = ["member"]
    search_fields = ["username", "member__name", "member__staff_no"]
    fieldsets = (
        (None, {"fields": ("username", "password", "must_change_password")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser")}),
    )


class SpanInline(admin.TabularInline):
    extra = 0


class MembershipInline(SpanInline):
    model = Membership


class PositionInline(SpanInline):
    model = Position


@admin.register(Member)
class MemberAdmin(LoggedExport, admin.ModelAdmin):
    """The roll is imported with ``import_roll``, which keeps its dates; here single rows are
    put right, and the table goes out as Excel."""

    formats = [PlainWorkbook]
    list_display = ["staff_no", "name", "category", "is_leading_cadre", "user"]
    list_filter = ["category", "is_leading_cadre"]
    list_select_related = ["user"]
    search_fields = ["staff_no", "name", "pinyin", "initials"]
    autocomplete_fields = ["user"]
    inlines = [MembershipInline, PositionInline]


@admin.register(LeadershipDuty)
class LeadershipDutyAdmin(LoggedExport, ImportExportModelAdmin):
    formats = [PlainWorkbook]
    list_display = ["leader", "branch", "kind", "starts_on", "ends_on"]
    list_select_related = ["leader", "branch"]
    autocomplete_fields = ["leader", "branch"]


@admin.register(StaffAppointment)
class StaffAppointmentAdmin(LoggedExport, ImportExportModelAdmin):
    formats = [PlainWorkbook]
    list_display = ["user", "committee", "starts_on", "ends_on"]
    list_select_related = ["user__member", "committee"]
    autocomplete_fields = ["user", "committee"]


@admin.register(Exemption)
class ExemptionAdmin(LoggedExport, ImportExportModelAdmin):
    formats = [PlainWorkbook]
    list_display = ["member", "first_month", "last_month", "reason", "approved_by"]
    list_select_related = ["member", "approved_by__member"]
    autocomplete_fields = ["member", "approved_by"]


@admin.register(Notice)
class NoticeAdmin(Ledger):
    list_display = ["created_at", "user", "subject", "delivery", "attempts", "read_at"]
    list_filter = ["delivery"]
    list_select_related = ["user__member"]


@admin.register(Event)
class EventAdmin(LoggedExport, Ledger):
    formats = [PlainWorkbook]
    list_display = ["at", "by", "verb", "target_type", "target_id", "branch", "member"]
    list_filter = ["verb"]
    list_select_related = ["by__member", "branch", "member"]
    date_hierarchy = "at"
