from django.contrib import admin
from import_export.admin import ImportExportModelAdmin

from branches.models import Branch, Committee
from lib.administration import PlainWorkbook


@admin.register(Committee)
class CommitteeAdmin(ImportExportModelAdmin):
    formats = [PlainWorkbook]
    list_display = ["name", "kind", "parent", "unit_type", "roll_order"]
    list_select_related = ["parent"]
    search_fields = ["name"]


@admin.register(Branch)
class BranchAdmin(ImportExportModelAdmin):
    formats = [PlainWorkbook]
    list_display = ["name", "committee", "unit_type", "roll_order", "is_active"]
    list_filter = ["is_active", "committee"]
    list_select_related = ["committee"]
    search_fields = ["name"]
