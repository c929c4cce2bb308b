"""What is wrong with a workbook, said so that a person can go and put it right."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: where it stands, what was found, what was expected.

    ``row`` is the number Excel shows. Without a sheet the problem is the file's, without a row the
    sheet's; then ``expected`` says all there is to say.
    """

    sheet: str
    row: int | None
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        place = {
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": _shortened(self.value),
            "expected": self.expected,
        }
        if not self.sheet:
            return self.expected
        if self.row is None:
            return _("Sheet “%(sheet)s”: %(expected)s") % place
        if not self.column:
            return _("Sheet “%(sheet)s”, row %(row)s: %(expected)s") % place
        if not self.value:
            return (
                _(
                    "Sheet “%(sheet)s”, row %(row)s, column “%(column)s”: blank; expected: %(expected)s"
                )
                % place
            )
        return (
            _(
                "Sheet “%(sheet)s”, row %(row)s, column “%(column)s”: found “%(value)s”; "
                "expected: %(expected)s"
            )
            % place
        )


class Unreadable(Exception):
    """A workbook whose rows cannot be read at all, with every reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)

    @classmethod
    def because(cls, reason: str) -> "Unreadable":
        """Return the exception for a reason that concerns the whole file."""
        return cls([Problem("", None, "", "", reason)])


def _shortened(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
