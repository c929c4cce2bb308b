"""Tables that an administrator takes out of Django's admin are logged like every other export:
who, when, which table, how many rows (domain.md §10)."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from import_export.admin import ExportMixin

from members.notices import record


class LoggedExport(ExportMixin):
    """Stands before the other classes of an administrators' table that can be exported."""

    def get_export_data(
        self, file_format: Any, request: HttpRequest, queryset: "QuerySet[Any]", **kwargs: Any
    ) -> Any:
        data = super().get_export_data(file_format, request, queryset, **kwargs)
        assert request.user.is_authenticated  # by the administrators' site
        record(
            by=request.user,
            at=timezone.now(),
            verb="export_table",
            table=queryset.model._meta.label,
            rows=queryset.count(),
        )
        return data
