"""What the administrators' tables have in common: one Excel format, and read-only ledgers.

Rows come in and go out through ``lib.excel``: hostile workbooks are refused, numbers stay
numbers, and a text that starts with = + - @ stays a text instead of losing its sign.
"""

from io import BytesIO
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from import_export.formats.base_formats import XLSX
from tablib import Dataset

from lib.excel import Column, SheetOut, write_workbook
from lib.excel.archive import open_archive


class PlainWorkbook(XLSX):
    """Excel for django-import-export, through the product's one door for workbooks."""

    def create_dataset(self, in_stream: bytes) -> Dataset:
        """Raises ``lib.excel.Unreadable`` for what is not a plain workbook of decent size."""
        open_archive(in_stream)
        return super().create_dataset(in_stream)

    def export_data(self, dataset: Dataset, **kwargs: Any) -> bytes:
        stream = BytesIO()
        sheet = SheetOut(
            name=(dataset.title or "Sheet1")[:31],
            columns=[Column(str(header)) for header in dataset.headers or ()],
            rows=dataset,
        )
        write_workbook(stream, [sheet])
        return stream.getvalue()


class Ledger(admin.ModelAdmin):
    """A table that people read and never change by hand: it grows through services only."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
