"""The meetings at which a round was reviewed, with their quorum."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from members.models import Member, Position
from reviews.models import Meeting, Round
from reviews.quorum import Quorum
from reviews.rules import Bench
from reviews.services.meeting import quorum_of


@dataclass(frozen=True, slots=True)
class Recorded:
    """A meeting as its page shows it."""

    meeting: Meeting
    attendees: Sequence[Member]
    quorum: Quorum


def meetings_of(round_: Round) -> list[Recorded]:
    """The meetings of a round, the one in force first. A round that was reopened has another."""
    stored = (
        round_.meetings.select_related("chair", "recorded_by__member")
        .prefetch_related("attendees")
        .order_by("-is_current", "-recorded_at")
    )
    return [
        Recorded(meeting, list(meeting.attendees.all()), quorum_of(meeting, round_.branch))
        for meeting in stored
    ]


def people_of(bench: Bench) -> list[dict[str, Any]]:
    """The branch committee by post, each person once: id, name and posts."""
    order = list(Position.Kind.values)
    seats = sorted(bench.seats, key=lambda seat: (order.index(seat[1]), seat[0]))
    posts: dict[int, list[str]] = {}
    for member, kind in seats:
        posts.setdefault(member, []).append(str(Position.Kind(kind).label))
    return [
        {"pk": member, "name": bench.names.get(member, ""), "posts": "、".join(kinds)}
        for member, kinds in posts.items()
    ]
