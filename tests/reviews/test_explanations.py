"""Explanations of zero months: given, added to, judged, answered for; and who may do which."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import Event, Notice, Position
from members.rights import actor_on
from points.files import inspect
from reviews.models import FollowUp, FollowUpFile, FollowUpRecord, Judgement
from reviews.selectors.explanations import zero_months_of
from reviews.selectors.follow_ups import filters
from reviews.selectors.to_dos.explanations import explanations
from reviews.services import explanations as services
from reviews.services import follow_up_matters
from reviews.services.explanations import Accountability, Explanation
from reviews.services.matter import Desks
from tests.factories import (
    BranchFactory,
    LeadershipDutyFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
    UserFactory,
)
from tests.points.uploads import pdf
from tests.reviews.final_results import bring_about, final

pytestmark = pytest.mark.django_db
TODAY = date(2026, 1, 20)
AT = datetime(2026, 1, 20, 2, tzinfo=UTC)
LATER = datetime(2026, 1, 21, 2, tzinfo=UTC)
MARCH, MAY = date(2025, 3, 1), date(2025, 5, 1)
SAID = Explanation(
    date(2026, 1, 15), "三楼会议室", "对张伟同志日常提醒不够，本人负有责任。", "逐月谈话"
)
MORE = Explanation(date(2026, 1, 19), "三楼会议室", "五月的情况一并说明。")
DECISION = Accountability("对王建国同志进行批评教育。", "机党〔2026〕3号", date(2026, 1, 20))
STATES = FollowUp.State


class Unit:
    """A branch with a month at zero in March, its secretary and the cadre in charge of it."""

    def __init__(self, *, secretary: bool = True) -> None:
        self.branch = BranchFactory(name="办公室党支部")
        self.book = RuleBookFactory(branch=self.branch)
        self.people = {
            "member": MemberFactory(branch=self.branch, name="张伟"),
            "deputy": MemberFactory(branch=self.branch, position=(self.branch, "DEPUTY_SECRETARY")),
            "leader": LeadershipDutyFactory(branch=self.branch).leader,
            "leader elsewhere": LeadershipDutyFactory().leader,
            "secretary": MemberFactory(branch=self.branch, name="王建国"),
        }
        if secretary:
            self.seat(self.people["secretary"])
        self.users = {name: member.user for name, member in self.people.items()}
        self.users["staff"] = StaffAppointmentFactory(committee=self.branch.committee).user
        self.users["colleague"] = StaffAppointmentFactory(committee=self.branch.committee).user
        self.users["staff elsewhere"] = StaffAppointmentFactory().user
        self.users["administrator"] = UserFactory(is_superuser=True)
        self.zero(MARCH)

    def seat(self, member) -> None:
        Position.objects.create(member=member, branch=self.branch, kind="SECRETARY")

    def zero(self, month, score=0, member="member") -> None:
        final(self.people[member], self.branch, month, book=self.book, score=score, at=AT)
        bring_about([self.branch], at=AT)

    def actor(self, name):
        return actor_on(self.users[name], TODAY)

    def of(self, kind="REPORT_EXPLANATION") -> FollowUp:
        return FollowUp.objects.get(kind=kind)

    def explain(self, by="secretary", said=SAID, at=AT, kind="REPORT_EXPLANATION", **more):
        return services.explain(
            pk=self.of(kind).pk, explanation=said, by=self.actor(by), at=at, **more
        )

    def judge(self, outcome="ACCEPTED", reason="", *, by="staff", seen=None, **more):
        kind = more.pop("kind", "REPORT_EXPLANATION")
        return services.judge(
            pk=self.of(kind).pk,
            outcome=outcome,
            reason=reason,
            seen=seen,
            by=self.actor(by),
            at=more.pop("at", AT),
        )

    def decide(self, decision=DECISION, *, by="staff", at=AT):
        return services.decide_accountability(
            pk=self.of().pk, accountability=decision, by=self.actor(by), at=at
        )

    def told(self, name) -> list[str]:
        """The notices about explanations, beyond that one is due."""
        notices = Notice.objects.filter(user=self.users[name])
        return sorted(notices.exclude(key__startswith="follow_up:").values_list("key", flat=True))


@pytest.fixture
def unit(db):
    return Unit()


# -- explaining --------------------------------------------------------------------------------


def test_the_secretary_explains_and_staff_are_told(unit):
    kept = unit.explain()

    row = unit.of()
    assert row.state == STATES.RECORDED
    assert (kept.number, kept.is_current, kept.answer) == (1, True, "NOT_ASKED")
    assert (kept.said, kept.place, kept.measures) == (SAID.said, SAID.place, SAID.measures)
    assert list(kept.held_by.all()) == [unit.people["secretary"]]
    key = f"explained:{row.pk}:1"
    assert (unit.told("staff"), unit.told("secretary"), unit.told("leader")) == ([key], [], [])
    notice = Notice.objects.get(user=unit.users["staff"], key=key)
    assert SAID.said not in notice.subject
    assert Event.objects.get(verb="explain").target_id == row.pk


def test_staff_enter_what_was_said_and_the_holder_is_told(unit):
    kept = unit.explain(by="staff", kind="LIFE_MEETING_EXPLANATION")

    assert list(kept.held_by.all()) == [unit.people["leader"]]
    pk = unit.of("LIFE_MEETING_EXPLANATION").pk
    assert unit.told("leader") == [f"explained:1:{pk}:holder"]
    assert (unit.told("staff"), unit.told("colleague")) == ([], [f"explained:{pk}:1"])


def test_the_same_words_twice_are_one_record(unit):
    first = unit.explain(seen=0)

    assert unit.explain(seen=0, at=LATER) == first
    assert FollowUpRecord.objects.count() == Event.objects.filter(verb="explain").count() == 1


def test_an_explanation_is_added_to_and_the_earlier_words_stay(unit):
    unit.explain()
    unit.explain(said=MORE, seen=1, at=LATER)

    kept = FollowUpRecord.objects.order_by("number").values_list("said", "is_current")
    assert list(kept) == [(SAID.said, False), (MORE.said, True)]
    assert unit.of().state == STATES.RECORDED


def test_who_writes_second_is_shown_the_first(unit):
    unit.explain(by="staff", seen=0)

    with pytest.raises(Refused):
        unit.explain(said=MORE, seen=0)
    assert FollowUpRecord.objects.get().said == SAID.said


@pytest.mark.parametrize(
    "said",
    [
        Explanation(SAID.held_on, SAID.place, "  "),
        Explanation(SAID.held_on, "", SAID.said),
        Explanation(date(2026, 1, 21), SAID.place, SAID.said),
        Explanation(date(2025, 2, 28), SAID.place, SAID.said),
    ],
    ids=["no words", "no place", "still to come", "before the month"],
)
def test_an_explanation_says_what_where_and_when(unit, said):
    with pytest.raises(Refused):
        unit.explain(said=said)
    assert unit.of().state == STATES.OPEN
    assert not FollowUpRecord.objects.exists()


def test_where_no_secretary_was_in_office_staff_say_who_explained():
    unit = Unit(secretary=False)
    assert unit.of().holder is None

    with pytest.raises(Refused):
        unit.explain(by="staff", who="没有这个人")
    unit.explain(by="staff", who=unit.people["deputy"].staff_no)

    assert unit.of().holder == unit.people["deputy"]
    assert FollowUp.objects.readable_by(unit.actor("deputy")).filter(pk=unit.of().pk).exists()
    bring_about([unit.branch], at=LATER)
    assert unit.of().holder == unit.people["deputy"]


def test_a_signed_paper_is_kept_once_even_after_the_judgement(unit):
    files = [inspect(name="签字.pdf", content=pdf(), max_bytes=9999)]
    with pytest.raises(Refused):
        services.attach(pk=unit.of().pk, files=files, by=unit.actor("staff"), at=AT)
    kept = unit.explain(files=files)
    unit.judge()

    again = services.attach(pk=unit.of().pk, files=files, by=unit.actor("staff"), at=LATER)

    assert again == 0
    assert FollowUpFile.objects.get().record == kept
    seen_by = {
        name for name in unit.users if FollowUpFile.objects.visible_to(unit.actor(name)).exists()
    }
    assert seen_by == {"secretary", "staff", "colleague"}


# -- the list of months grew -------------------------------------------------------------------


def test_a_list_that_grew_is_shown_and_brought_to_date_by_adding_to_it(unit):
    unit.explain()
    unit.zero(MAY)
    row = unit.of()
    assert row.is_basis_changed
    assert [key.partition(":")[0] for key in unit.told("secretary")] == ["flagged"]
    marked = [(one.month, one.is_added) for one in zero_months_of(row, unit.actor("staff"))]
    assert marked == [(MARCH, False), (MAY, True)]
    assert [one.url for one in explanations(unit.actor("secretary"), today=AT.date())] == [
        row.get_absolute_url()
    ]

    unit.explain(said=MORE, at=LATER)

    row = unit.of()
    assert not row.is_basis_changed
    assert list(row.zero_months.values_list("month", flat=True)) == [MARCH, MAY]
    bring_about([unit.branch], at=LATER)
    assert not unit.of().is_basis_changed
    assert list(explanations(unit.actor("secretary"), today=AT.date())) == []


def test_a_month_that_is_no_longer_at_zero_falls_away(unit):
    unit.zero(MAY)
    unit.explain()
    unit.zero(MARCH, score=60)
    marked = zero_months_of(unit.of(), unit.actor("staff"))
    assert [(one.month, one.is_dropped) for one in marked] == [(MARCH, True), (MAY, False)]

    unit.explain(said=MORE)

    assert list(unit.of().zero_months.values_list("month", flat=True)) == [MAY]
    event = Event.objects.filter(verb="explain").latest("pk")
    assert [one[-7:] for one in event.details["months_before"]] == ["2025-03", "2025-05"]


def test_where_nothing_is_left_to_explain_the_flag_stays(unit):
    unit.explain()
    unit.zero(MARCH, score=75)

    unit.explain(said=MORE)

    row = unit.of()
    assert (row.state, row.is_basis_changed) == (STATES.RECORDED, True)
    assert row.zero_months.count() == 1


def test_after_closing_nothing_is_added_and_staff_see_the_flag(unit):
    unit.explain()
    unit.judge()
    unit.zero(MAY)

    row = unit.of()
    assert (row.state, row.is_basis_changed) == (STATES.CLOSED, True)
    with pytest.raises(Refused):
        unit.explain(said=MORE)


def test_one_that_is_not_given_yet_simply_follows_the_results(unit):
    unit.zero(MAY)
    row = unit.of()
    assert not row.is_basis_changed
    assert list(row.zero_months.values_list("month", flat=True)) == [MARCH, MAY]

    unit.zero(MARCH, score=60)
    unit.zero(MAY, score=60)
    assert unit.of().state == STATES.WITHDRAWN
    with pytest.raises(Refused):
        unit.explain()


# -- judging -----------------------------------------------------------------------------------


def test_taken_note_of_is_closed(unit):
    unit.explain()
    judged = unit.judge(seen=1)

    row = unit.of()
    assert (row.state, row.closed_by, row.closed_at) == (STATES.CLOSED, unit.users["staff"], AT)
    assert (judged.outcome, judged.reason) == ("ACCEPTED", "")
    assert unit.told("secretary") == [f"judged:{row.pk}:holder"]
    assert unit.judge(seen=1) == judged
    with pytest.raises(Refused):
        unit.judge("SERIOUS", "再次评判")
    with pytest.raises(Refused):
        unit.decide()


def test_serious_stays_until_accountability_is_decided(unit):
    unit.explain()
    with pytest.raises(Refused):
        unit.judge("SERIOUS", " ")
    unit.judge("SERIOUS", "长期放任不管")
    assert unit.of().state == STATES.RECORDED
    with pytest.raises(Refused):
        unit.explain(said=MORE)
    with pytest.raises(Refused):
        unit.judge("ACCEPTED", "")

    judged = unit.decide()

    row = unit.of()
    assert (row.state, row.closed_by) == (STATES.CLOSED, unit.users["staff"])
    assert (judged.decision, judged.decision_number) == (DECISION.decision, DECISION.number)
    assert unit.decide() == judged
    assert unit.told("secretary") == [
        f"accountability:{row.pk}:holder",
        f"judged:{row.pk}:holder",
    ]
    notices = Notice.objects.filter(user=unit.users["secretary"]).values_list("subject", flat=True)
    assert not any("放任" in subject or "批评" in subject for subject in notices)


def test_one_judged_serious_is_added_to_once_its_list_changed(unit):
    unit.explain()
    unit.judge("SERIOUS", "长期放任不管")
    unit.zero(MAY)

    unit.explain(said=MORE)

    assert not unit.of().is_basis_changed
    assert Judgement.objects.get().reason == "长期放任不管"


def test_a_judge_reads_the_latest_words(unit):
    unit.explain()
    unit.explain(said=MORE)

    with pytest.raises(Refused):
        unit.judge(seen=1)
    assert unit.of().state == STATES.RECORDED


@pytest.mark.parametrize(
    "decision",
    [
        Accountability("", DECISION.number, DECISION.decided_on),
        Accountability(DECISION.decision, " ", DECISION.decided_on),
        Accountability(DECISION.decision, DECISION.number, date(2026, 1, 21)),
        Accountability(DECISION.decision, DECISION.number, date(2026, 1, 14)),
    ],
    ids=["no words", "no number", "still to come", "before it was explained"],
)
def test_a_decision_has_words_a_number_and_a_day(unit, decision):
    unit.explain()
    unit.judge("SERIOUS", "长期放任不管")

    with pytest.raises(Refused):
        unit.decide(decision)
    assert unit.of().state == STATES.RECORDED


# -- who may -----------------------------------------------------------------------------------


EVERYBODY = {
    "member",
    "deputy",
    "leader",
    "leader elsewhere",
    "secretary",
    "staff",
    "colleague",
    "staff elsewhere",
    "administrator",
}


def allowed(unit, step) -> set[str]:
    """Those to whom a step is not forbidden, whatever the state says."""
    found = set()
    for name in EVERYBODY:
        try:
            step(name)
        except PermissionDenied:
            continue
        except Refused:
            pass
        found.add(name)
    return found


@pytest.mark.parametrize("state", ["OPEN", "RECORDED", "SERIOUS", "CLOSED", "WITHDRAWN"])
def test_rights_by_step(unit, state):
    if state != "OPEN" and state != "WITHDRAWN":
        unit.explain()
    if state == "SERIOUS":
        unit.judge("SERIOUS", "长期放任不管")
    if state == "CLOSED":
        unit.judge()
    if state == "WITHDRAWN":
        unit.zero(MARCH, score=75)

    files = [inspect(name="签字.pdf", content=pdf(), max_bytes=9999)]
    pk = unit.of().pk
    staff = {"staff", "colleague"}
    assert allowed(unit, lambda name: unit.explain(by=name)) == {"secretary", *staff}
    assert allowed(
        unit, lambda name: services.attach(pk=pk, files=files, by=unit.actor(name), at=AT)
    ) == {"secretary", *staff}
    assert allowed(unit, lambda name: unit.judge(by=name)) == staff
    assert allowed(unit, lambda name: unit.decide(by=name)) == staff


def test_the_leader_explains_their_own_and_nobody_elses(unit):
    kind = "LIFE_MEETING_EXPLANATION"
    writers = allowed(unit, lambda name: unit.explain(by=name, kind=kind))
    assert writers == {"leader", "staff", "colleague"}
    assert not FollowUp.objects.visible_to(unit.actor("leader")).filter(pk=unit.of().pk).exists()
    assert not FollowUp.objects.visible_to(unit.actor("leader elsewhere")).exists()


def test_staff_who_explain_themselves_are_judged_by_a_colleague(unit):
    leader = unit.people["leader"]
    StaffAppointmentFactory(user=leader.user, committee=unit.branch.committee)
    kind = "LIFE_MEETING_EXPLANATION"
    unit.explain(by="leader", kind=kind)
    assert [one.url for one in explanations(unit.actor("leader"), today=AT.date())] == []

    with pytest.raises(PermissionDenied):
        unit.judge(by="leader", kind=kind)
    unit.judge(by="colleague", kind=kind)

    assert unit.of(kind).state == STATES.CLOSED


def test_a_former_secretary_still_explains_and_the_next_one_does_not_read_it(unit):
    seats = Position.objects.filter(branch=unit.branch, kind="SECRETARY")
    seats.update(ends_on=date(2025, 12, 31))
    unit.seat(unit.people["deputy"])

    unit.explain()

    assert unit.of().state == STATES.RECORDED
    theirs = FollowUp.objects.visible_to(unit.actor("deputy"))
    assert not theirs.filter(kind__in=FollowUp.EXPLANATION_KINDS).exists()


# -- what is to be done ------------------------------------------------------------------------


def test_what_staff_have_to_do_follows_the_explanation(unit):
    url = unit.of().get_absolute_url()

    def urls(name):
        return [one.url for one in explanations(unit.actor(name), today=AT.date())]

    assert urls("staff") == []
    unit.explain()
    assert (urls("staff"), urls("secretary"), urls("staff elsewhere")) == ([url], [], [])
    unit.judge("SERIOUS", "长期放任不管")
    assert urls("colleague") == [url]
    unit.decide()
    assert urls("staff") == []


def test_what_staff_have_to_do_has_the_day_that_reminders_count(unit):
    def days():
        return [one.due_on for one in explanations(unit.actor("staff"), today=AT.date())]

    def reminded():
        found = follow_up_matters.explanations(
            date(2026, 12, 31),
            [unit.branch.pk],
            Desks(TODAY, [unit.branch.pk]),
            follow_up_matters.Days(),
        )
        return [one.due_on for one in found]

    unit.explain()
    assert days() == reminded() != []
    unit.judge("SERIOUS", "长期放任不管", at=LATER)
    assert days() == reminded() != []


def test_staff_enter_for_a_holder_without_an_account(unit):
    unit.users["secretary"].is_active = False
    unit.users["secretary"].save()
    assert [one.url for one in explanations(unit.actor("staff"), today=AT.date())] == [
        unit.of().get_absolute_url()
    ]

    unit.people["secretary"].user = None
    unit.people["secretary"].save()
    assert len(list(explanations(unit.actor("staff"), today=AT.date()))) == 1
    unit.explain(by="staff")
    assert unit.of().holder == unit.people["secretary"]


@pytest.mark.parametrize("count", [1, 3])
def test_several_stand_in_one_line_under_one_query(count, django_assert_num_queries):
    unit = Unit(secretary=False)
    for _ in range(count - 1):
        other = BranchFactory(committee=unit.branch.committee)
        member = MemberFactory(branch=other)
        final(member, other, MARCH, book=RuleBookFactory(branch=other), score=0, at=AT)
        bring_about([other], at=AT)
    actor = unit.actor("staff")

    with django_assert_num_queries(1):
        found = list(explanations(actor, today=AT.date()))

    assert len(found) == 1
    listed = FollowUp.objects.visible_to(actor).filter(filters(actor, AT.date())["explanations"])
    assert listed.filter(holder=None).count() == count
