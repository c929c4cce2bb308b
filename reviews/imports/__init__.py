"""The ledger of past months as a workbook: parse → plan → apply (formats.md §3)."""

from reviews.imports.ledger_file import Ledger, parse_ledger
from reviews.imports.ledger_plan import LedgerReport, preview_ledger
from reviews.imports.ledger_store import apply_ledger

__all__ = ["Ledger", "LedgerReport", "apply_ledger", "parse_ledger", "preview_ledger"]
