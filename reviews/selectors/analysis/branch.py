"""Everything that the analysis of one branch shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from branches.models import Branch
from reviews.analysis import MonthBands, with_results
from reviews.selectors.analysis import bands, categories, punctuality, words
from reviews.selectors.analysis.categories import CategoryPoints, Cost
from reviews.selectors.analysis.findings import Findings, findings_of
from reviews.selectors.analysis.follow_ups import OpenFollowUps, open_follow_ups
from reviews.selectors.analysis.punctuality import MonthInTime, Punctuality
from reviews.selectors.burden import Burden, burden_of


@dataclass(frozen=True, slots=True)
class BranchAnalysis:
    """The figures of a branch over a span of months, as tables and as charts, and in words."""

    branch: Branch
    months: Sequence[date]
    bands: Sequence[MonthBands]
    categories: Sequence[CategoryPoints]
    costs: Sequence[Cost]
    in_time: Sequence[MonthInTime]
    findings: Findings
    follow_ups: OpenFollowUps
    burden: Sequence[Burden]

    @property
    def has_results(self) -> bool:
        return bool(with_results(self.bands))

    @property
    def has_points(self) -> bool:
        return any(row.plus or row.minus for row in self.categories)

    @property
    def band_chart(self) -> dict[str, Any]:
        return bands.drawn(self.bands)

    @property
    def band_rows(self) -> list[tuple[MonthBands, list[tuple[Any, int]]]]:
        return bands.rows_of(self.bands)

    @property
    def category_chart(self) -> dict[str, Any]:
        return categories.drawn(self.categories)

    @property
    def punctuality_chart(self) -> dict[str, Any]:
        return punctuality.drawn(self.in_time)

    @property
    def punctuality(self) -> Punctuality:
        return punctuality.together(self.in_time)

    @property
    def has_imported(self) -> bool:
        """Whether a month was imported: its punctuality is not known."""
        return any(not row.has_sheets for row in self.burden)

    @property
    def words(self) -> list[str]:
        return [
            *words.about_bands(self.bands),
            *words.about_categories(self.categories),
            *words.about_punctuality(self.punctuality),
            *words.about_findings(self.findings),
            *words.about_follow_ups(self.follow_ups),
            *words.about_burden(self.burden),
        ]


def analysis_of(branch: Branch, months: Sequence[date], today: date) -> BranchAnalysis:
    """The analysis of one branch over these months. Eleven queries."""
    lines = categories.credited(branch, months)
    return BranchAnalysis(
        branch=branch,
        months=months,
        bands=bands.bands_of(branch, months),
        categories=categories.by_category(lines),
        costs=categories.costs(lines),
        in_time=punctuality.punctuality_of([branch.pk], months, today),
        findings=findings_of([branch.pk], months).get(branch.pk, Findings()),
        follow_ups=open_follow_ups([branch.pk], today).get(branch.pk, OpenFollowUps()),
        burden=burden_of([branch.pk], months),
    )
