"""How many must be present for a meeting to resolve anything. Plain Python, no Django."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quorum:
    """应到 and 实到: how many are entitled to take part, and how many of them were there."""

    entitled: int
    present: int

    @property
    def needed(self) -> int:
        """More than half of those entitled."""
        return self.entitled // 2 + 1

    @property
    def is_met(self) -> bool:
        return 0 < self.entitled < self.present * 2
