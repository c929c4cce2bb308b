from django.contrib import admin

from lib.administration import Ledger, PlainWorkbook
from members.table_exports import LoggedExport
from points.models import (
    CategoryCap,
    Criterion,
    Decision,
    Entry,
    MonthlyResult,
    Policy,
    ResultLine,
    RuleBook,
)


@admin.register(Policy)
class PolicyAdmin(LoggedExport, Ledger):
    """Set on its page: a version that has begun is never changed."""

    formats = [PlainWorkbook]
    list_display = [
        "committee",
        "effective_from",
        "declare_by_day",
        "review_by_day",
        "publication_days",
    ]
    list_select_related = ["committee"]


class CriterionInline(admin.TabularInline):
    model = Criterion
    extra = 0
    can_delete = False


class CategoryCapInline(admin.TabularInline):
    model = CategoryCap
    extra = 0
    can_delete = False


@admin.register(RuleBook)
class RuleBookAdmin(Ledger):
    """Versions come in with ``import_rulebook``: a version in force is never changed."""

    list_display = ["branch", "version", "state", "effective_from", "base_points", "pass_line"]
    list_filter = ["state"]
    list_select_related = ["branch"]
    inlines = [CategoryCapInline, CriterionInline]


class DecisionInline(admin.TabularInline):
    model = Decision
    extra = 0


@admin.register(Entry)
class EntryAdmin(LoggedExport, Ledger):
    formats = [PlainWorkbook]
    list_display = ["month", "branch", "member", "criterion", "claimed_points", "source"]
    sortable_by = ()  # points of several branches are never ordered against each other
    list_filter = ["source"]
    list_select_related = ["branch", "member", "criterion"]
    search_fields = ["member__name", "member__staff_no"]
    date_hierarchy = "month"
    inlines = [DecisionInline]


class ResultLineInline(admin.TabularInline):
    model = ResultLine
    extra = 0


@admin.register(MonthlyResult)
class MonthlyResultAdmin(Ledger):
    """One member's results. In the roll's order, found by name or number: no table here puts
    scores in competition, and none is exported across branches (domain.md §8)."""

    list_display = ["member", "month", "revision", "is_current", "is_final"]
    list_select_related = ["member"]
    search_fields = ["member__name", "member__staff_no"]
    ordering = ["member__roll_order", "-month", "-revision"]
    sortable_by = ()
    inlines = [ResultLineInline]
