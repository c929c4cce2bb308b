"""The roll as a workbook: parse → plan → apply (formats.md §1)."""

from members.imports.roll_file import Roll, parse_roll
from members.imports.roll_plan import MemberChange, RollReport, preview_roll, reaches
from members.imports.roll_store import apply_roll

__all__ = [
    "MemberChange",
    "Roll",
    "RollReport",
    "apply_roll",
    "parse_roll",
    "preview_roll",
    "reaches",
]
