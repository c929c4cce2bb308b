"""The zero months an explanation rests on, what was explained, and how it was judged."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from members.models import Member
from members.rights import Actor
from points.models import MonthlyResult, ResultLine
from points.rules import is_confidential, may_read_matter
from reviews.forms.sittings import ReasonForm
from reviews.models import FollowUp, FollowUpRecord, Judgement
from reviews.services.follow_ups import zero_months_demanded
from reviews.workflow import FOLLOW_UP_STEPS, Duty

Pair = tuple[int, date]


@dataclass(frozen=True, slots=True)
class ZeroMonth:
    """A member's month at zero. The matter is named only to those who may read it."""

    member: Member
    month: date
    matter: str
    is_added: bool = False
    is_dropped: bool = False


def zero_months_of(follow_up: FollowUp, actor: Actor | None) -> tuple[ZeroMonth, ...]:
    """The months an explanation lists, in order; where results were revised after it was given,
    those that came in and those that fell away are marked. ``actor`` None: for paper, which
    goes from hand to hand and names no matter of discipline (domain.md §10). Three queries;
    four more where its basis was revised."""
    listed = set(follow_up.zero_months.values_list("member", "month"))
    now = set(zero_months_demanded(follow_up)) if follow_up.is_basis_changed else listed
    pairs = listed | now
    members = Member.objects.in_bulk({member for member, month in pairs})
    matters = _matters(follow_up, pairs, actor)
    return tuple(
        ZeroMonth(
            members[member],
            month,
            matters.get((member, month), ""),
            is_added=(member, month) not in listed,
            is_dropped=(member, month) not in now,
        )
        for member, month in sorted(pairs, key=lambda pair: (pair[1], members[pair[0]].roll_order))
    )


def _matters(follow_up: FollowUp, pairs: Collection[Pair], actor: Actor | None) -> dict[Pair, str]:
    """What made the month zero, by name only where this person may read it (domain.md §10)."""
    results = MonthlyResult.objects.final().filter(
        branch=follow_up.branch_id,
        is_zero=True,
        member__in={member for member, month in pairs},
        month__in={month for member, month in pairs},
    )
    lines = (
        ResultLine.objects.filter(result__in=results, entry__criterion__zeroes_month=True)
        .select_related("result", "entry__criterion")
        .order_by("entry__occurred_on", "entry")
    )
    found: dict[Pair, list[str]] = defaultdict(list)
    for line in lines:
        result, criterion = line.result, line.entry.criterion
        is_named = not is_confidential(criterion) or (
            actor is not None
            and may_read_matter(
                actor, criterion, branch_id=result.branch_id, member_id=result.member_id
            )
        )
        text = criterion.text if is_named else _("a matter registered by the committee")
        found[result.member_id, result.month].append(text)
    return {pair: "；".join(dict.fromkeys(texts)) for pair, texts in found.items()}


def warnings_of(follow_up: FollowUp) -> tuple[str, ...]:
    """What whoever opens a flagged explanation has to know. No query."""
    if not follow_up.is_basis_changed:
        return ()
    if follow_up.state == FollowUp.State.CLOSED:
        return (_("The months at zero changed after this explanation was judged."),)
    return (
        _(
            "The months at zero changed after this explanation was given: "
            "they are marked below, and the explanation is to be added to."
        ),
    )


@dataclass(frozen=True, slots=True)
class Given:
    """A record of an explanation with its signed papers, as a list of files shows them."""

    record: FollowUpRecord
    scans: tuple[dict[str, object], ...]
    is_on_behalf: bool


def given_of(follow_up: FollowUp) -> list[Given]:
    """What was explained, the last first. Three queries."""
    records = (
        follow_up.records.select_related("recorded_by__member")
        .prefetch_related("scans", "held_by")
        .order_by("-number")
    )
    return [
        Given(
            record,
            tuple(
                {"url": scan.get_absolute_url(), "name": scan.name, "size": scan.size}
                for scan in record.scans.all()
            ),
            is_on_behalf=all(
                member.user_id != record.recorded_by_id for member in record.held_by.all()
            ),
        )
        for record in records
    ]


def judgement_of(follow_up: FollowUp) -> Judgement | None:
    return (
        Judgement.objects.filter(follow_up=follow_up)
        .select_related("judged_by__member", "decided_by__member")
        .first()
    )


def explanation_panel(follow_up: FollowUp, duty: Duty) -> dict[str, Any]:
    """The part of an explanation's page: what was said, the judgement, and the steps open to
    whoever looks. Four queries."""
    given, judged = given_of(follow_up), judgement_of(follow_up)
    return {
        "panel": "reviews/explanation_panel.html",
        "given": given,
        "current": given[0] if given else None,
        "earlier": given[1:],
        "judged": judged,
        "lift_form": ReasonForm(auto_id="lift_%s"),
        "form_url": reverse("explanation_form", args=[follow_up.pk]),
        **open_steps(follow_up, duty, judged, is_given=bool(given)),
    }


def open_steps(
    follow_up: FollowUp, duty: Duty, judged: Judgement | None, *, is_given: bool
) -> dict[str, bool]:
    """Which steps stand open, as the services will see it. No query."""
    is_serious = judged is not None and judged.outcome == Judgement.Outcome.SERIOUS
    is_open = FOLLOW_UP_STEPS.is_open
    explains = is_open("explain", duty, follow_up)
    may_attach = is_given and FOLLOW_UP_STEPS["explain"].may(duty, follow_up)
    return {
        "may_explain": explains and (judged is None or follow_up.is_basis_changed),
        "may_attach": may_attach and follow_up.state != FollowUp.State.WITHDRAWN,
        "may_judge": judged is None and is_open("judge", duty, follow_up),
        "may_lift": is_open("lift", duty, follow_up),
        "may_decide": is_serious and is_open("decide_accountability", duty, follow_up),
    }
