"""Which policy holds for a committee in a year (domain.md §2)."""

from branches.models import Committee
from points.models import Policy


class PolicyBook:
    """Every policy, and who inherits which: that of the nearest committee upwards, else the
    source's own numbers (unsaved). Read once for a run, whatever its size: two queries."""

    def __init__(self) -> None:
        self._parents = dict(Committee.objects.values_list("pk", "parent_id"))
        self._policies = {(p.committee_id, p.year): p for p in Policy.objects.all()}
        self._defaults: dict[int, Policy] = {}

    def of(self, committee: int, year: int) -> Policy:
        current: int | None = committee
        while current is not None:
            if policy := self._policies.get((current, year)):
                return policy
            current = self._parents.get(current)
        return self._defaults.setdefault(year, Policy(year=year))
