"""What a score is made of: policy, rule books, declarations, entries, decisions, results.

Entries and decisions are a ledger: a correction is a new decision and a new revision of
the result. Every month is stored as the date of its first day; every number of points is
an exact decimal with two places.
"""

from points.models.declaration import Declaration, SheetQuerySet
from points.models.entry import Decision, Entry, EntryQuerySet, Remark
from points.models.evidence import Evidence, EvidenceQuerySet, StoredFile, stored_path
from points.models.policy import HolidayNotice, Policy, SpecialDay, committee_chain, points_field
from points.models.registration import Activity, ActivityQuerySet, Attendance, Registration
from points.models.result import MonthlyResult, MonthlyResultQuerySet, ResultLine
from points.models.rule_book import (
    CATEGORIES,
    Category,
    CategoryCap,
    Criterion,
    CriterionQuerySet,
    RuleBook,
    RuleBookQuerySet,
    RuleBookReading,
)

__all__ = [
    "CATEGORIES",
    "Activity",
    "ActivityQuerySet",
    "Attendance",
    "Category",
    "CategoryCap",
    "Criterion",
    "CriterionQuerySet",
    "Decision",
    "Declaration",
    "Entry",
    "EntryQuerySet",
    "Evidence",
    "EvidenceQuerySet",
    "HolidayNotice",
    "MonthlyResult",
    "MonthlyResultQuerySet",
    "Policy",
    "Registration",
    "Remark",
    "ResultLine",
    "RuleBook",
    "RuleBookQuerySet",
    "RuleBookReading",
    "SheetQuerySet",
    "SpecialDay",
    "StoredFile",
    "committee_chain",
    "points_field",
    "stored_path",
]
