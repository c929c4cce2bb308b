"""Which policy holds for a committee in a month (domain.md §2)."""

from bisect import bisect_right
from collections import defaultdict
from datetime import date

from branches.models import Committee
from points.models import Policy


class PolicyBook:
    """Every policy, and who inherits which: the latest in force of the nearest committee
    upwards that has one, else the source's own numbers (unsaved). Read once for a run,
    whatever its size: two queries."""

    def __init__(self) -> None:
        self._parents = dict(Committee.objects.values_list("pk", "parent_id"))
        self._policies: dict[int, list[Policy]] = defaultdict(list)
        for policy in Policy.objects.order_by("effective_from"):
            self._policies[policy.committee_id].append(policy)
        self._default = Policy(effective_from=date.min)

    def of(self, committee: int, month: date) -> Policy:
        """The policy in force for a committee in the month that ``month`` is the first day of."""
        current: int | None = committee
        while current is not None:
            policies = self._policies.get(current, [])
            if position := bisect_right(policies, month, key=lambda p: p.effective_from):
                return policies[position - 1]
            current = self._parents.get(current)
        return self._default
