"""Opinions from being issued to being confirmed, agreed to in silence, or decided on appeal."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from lib.steps import Refused
from members.models import Event, Membership, Notice
from points.files import inspect
from points.models import Policy
from reviews.models import Appeal, Opinion, OpinionFile
from reviews.selectors.to_dos import to_dos_of
from reviews.services import appeals as appealing
from reviews.services import nominations as nominating
from reviews.services import opinions as opining
from reviews.services.corrections import Change
from reviews.services.opinions import Wording
from tests.points.uploads import picture, upload
from tests.reviews.branch_year import AT, DAY, YEAR

pytestmark = pytest.mark.django_db
State = Opinion.State
# Issued on Wednesday, 14 January 2026: five working days end on Wednesday the 21st.
LAST_DAY = date(2026, 1, 21)
LATER = AT + timedelta(days=8)
BASELESS = "The nomination on which this opinion rests was withdrawn"
SIGNED = (inspect(name="已签认定表.jpg", content=picture(), max_bytes=10_000),)
SANCTION = Wording("SANCTION", YEAR, "通报批评", "十一月、十二月连续低于合格线", "机党〔2026〕4号")


def issue(year, name="last", *, by="secretary", wording=SANCTION, when=AT):
    return opining.issue(member=year.pk(name), wording=wording, by=year.actor(by), at=when)


def confirm(opinion, year, *, by="last", when=AT):
    return opining.confirm(pk=opinion.pk, by=year.actor(by), at=when)


def sign(opinion, year, *, by="secretary", when=AT, scan=SIGNED):
    return opining.confirm_on_paper(pk=opinion.pk, scan=scan, by=year.actor(by), at=when)


def silence(year, *, on=LAST_DAY + timedelta(days=1)):
    return opining.agree_silently(on=on, branches=[year.branch.pk], at=LATER)


def appeal(opinion, year, *, by="last", when=AT):
    return appealing.appeal_against(
        matter=opinion, text="事实有出入，请党委复核", by=year.actor(by), at=when
    )


def decide(raised, year, *, by="staff", is_upheld=True, **more):
    return appealing.decide(
        appeal_id=raised.pk,
        is_upheld=is_upheld,
        text="经复核，依据不足" if is_upheld else "经复核，事实清楚",
        by=year.actor(by),
        at=LATER,
        **more,
    )


def bring_to(state, year, opinion=None) -> Opinion:
    """An opinion in that state, by the steps that lead there."""
    opinion = opinion or issue(year)
    name = next(key for key, member in year.people.items() if member.pk == opinion.member_id)
    if state == State.CONFIRMED:
        confirm(opinion, year, by=name)
    elif state == State.PAPER:
        sign(opinion, year)
    elif state == State.SILENT:
        silence(year)
    elif state in (State.APPEALED, State.KEPT):
        raised = appeal(opinion, year, by=name)
        if state == State.KEPT:
            decide(raised, year, is_upheld=False)
    elif state == State.WITHDRAWN:
        opining.withdraw(pk=opinion.pk, reason="依据有误", by=year.actor("secretary"), at=AT)
    opinion.refresh_from_db()
    assert opinion.state == state
    return opinion


def outcome(step) -> str:
    try:
        step()
    except PermissionDenied:
        return "denied"
    except Refused:
        return "refused"
    return "done"


# -- issuing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "allowed"),
    [
        ("secretary", True),
        ("staff", True),
        ("system", True),
        ("deputy", False),
        ("last", False),
        ("first", False),
        ("secretary elsewhere", False),
        ("staff elsewhere", False),
    ],
)
def test_who_issues_an_opinion(year, by, allowed):
    assert outcome(lambda: issue(year, by=by)) == ("done" if allowed else "denied")
    assert Opinion.objects.exists() == allowed


def test_nobody_issues_one_on_themself(year):
    assert outcome(lambda: issue(year, "secretary")) == "denied"
    assert outcome(lambda: issue(year, "secretary", by="staff")) == "done"


def test_the_member_is_told_without_its_content_and_has_the_policys_days(year):
    opinion = issue(year)
    told = Notice.objects.get(user=year.users["last"])
    assert (opinion.state, opinion.confirm_by) == (State.OPEN, LAST_DAY)
    assert opinion.title not in told.subject
    assert told.url == opinion.get_absolute_url()


def test_the_policy_says_how_many_days(year):
    Policy.objects.create(
        committee=year.committee, effective_from=date(2026, 1, 1), confirm_days=2, appeal_days=8
    )
    opinion = issue(year)
    assert opinion.confirm_by == date(2026, 1, 16)
    assert appealing.window_of(opinion, DAY).last_day == date(2026, 1, 26)


def test_the_same_opinion_twice_is_one(year):
    assert issue(year) == issue(year, by="staff")
    assert Opinion.objects.count() == 1
    assert Notice.objects.filter(user=year.users["last"]).count() == 1


@pytest.mark.parametrize(
    "wording",
    [
        Wording("SANCTION", YEAR, " ", "事实"),
        Wording("SANCTION", YEAR, "通报批评", " "),
        Wording("SANCTION", 2027, "通报批评", "事实"),
        Wording("AWARD", YEAR, "优秀共产党员", "事实", nomination=99),
    ],
    ids=["no title", "no grounds", "a year to come", "no nomination of theirs"],
)
def test_what_is_no_opinion_is_refused(year, wording):
    assert outcome(lambda: issue(year, wording=wording)) == "refused"
    assert not Opinion.objects.exists()


def nominate(year):
    return nominating.nominate(
        member=year.pk("first"),
        year=YEAR,
        award="COMMENDATION",
        reason="",
        by=year.actor("secretary"),
        at=AT,
    )


def award_to(nomination):
    return Wording("AWARD", YEAR, "优秀共产党员", "表现突出", nomination=nomination.pk)


def test_an_award_follows_from_a_standing_nomination_of_the_member(year):
    nomination = nominate(year)
    award = award_to(nomination)
    assert outcome(lambda: issue(year, "second", wording=award)) == "refused"
    assert issue(year, "first", wording=award).nomination == nomination


def test_somebody_who_left_the_roll_gets_none(year):
    Membership.objects.filter(member=year.pk("last")).update(ends_on=date(2025, 12, 31))
    assert outcome(lambda: issue(year)) == "refused"


# -- the table of steps --------------------------------------------------------------------

ACTORS = ("last", "first", "secretary", "deputy", "staff", "second staff", "staff elsewhere")
STEPS = {
    "confirm": ({"last"}, {State.OPEN, State.CONFIRMED}),
    "paper": ({"secretary", "staff", "second staff"}, {State.OPEN, State.SILENT, State.PAPER}),
    "appeal": ({"last"}, {State.OPEN, State.PAPER, State.SILENT, State.APPEALED}),
    "withdraw": (
        {"secretary", "staff", "second staff"},
        {
            State.OPEN,
            State.CONFIRMED,
            State.PAPER,
            State.SILENT,
            State.KEPT,
            State.WITHDRAWN,
        },
    ),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", State.values)
def test_each_step_by_each_person_in_each_state(year, step, state):
    """A step that was taken already is done twice without harm; otherwise it is refused in a
    wrong state, and denied to whoever never may."""
    Policy.objects.create(committee=year.committee, effective_from=date(2026, 1, 1), appeal_days=20)
    who, states = STEPS[step]
    opinion = bring_to(state, year)
    take = {
        "confirm": lambda by: confirm(opinion, year, by=by, when=LATER),
        "paper": lambda by: sign(opinion, year, by=by, when=LATER),
        "appeal": lambda by: appeal(opinion, year, by=by, when=LATER),
        "withdraw": lambda by: opining.withdraw(
            pk=opinion.pk, reason="依据有误", by=year.actor(by), at=LATER
        ),
    }[step]
    inside = "done" if state in states else "refused"
    expected = {by: inside if by in who else "denied" for by in ACTORS}
    if step == "appeal" and state == State.KEPT:
        expected["last"] = "done"  # the same words again: the appeal that was decided
    found = {}
    for by in ACTORS:
        before = Opinion.objects.values().get(pk=opinion.pk)
        found[by] = outcome(lambda by=by: take(by))
        Opinion.objects.filter(pk=opinion.pk).update(**before)
        if state != State.PAPER:
            OpinionFile.objects.all().delete()
        if state != State.APPEALED and state != State.KEPT:
            Appeal.objects.all().delete()
    assert found == expected


def test_the_secretary_does_not_take_back_what_the_committee_issued(year):
    opinion = issue(year, by="staff")
    take = lambda by: opining.withdraw(  # noqa: E731
        pk=opinion.pk, reason="有误", by=year.actor(by), at=AT
    )
    assert [outcome(lambda by=by: take(by)) for by in ("secretary", "staff")] == ["denied", "done"]


def test_withdrawing_needs_a_reason_and_tells_the_member(year):
    opinion = issue(year)
    by = year.actor("secretary")
    with pytest.raises(Refused):
        opining.withdraw(pk=opinion.pk, reason=" ", by=by, at=AT)
    opining.withdraw(pk=opinion.pk, reason="依据有误", by=by, at=AT)
    opinion.refresh_from_db()
    assert (opinion.state, opinion.withdrawal_reason) == (State.WITHDRAWN, "依据有误")
    assert Notice.objects.filter(user=year.users["last"]).count() == 2


# -- what rests on a nomination ------------------------------------------------------------


def compute_anew(year, *, candidates=("second",)):
    """The figures come out otherwise: ``first`` is no candidate any more."""
    year.store(candidates=candidates)
    nominating.withdraw_those_no_longer_candidates(
        year_end=year.year_end, by=year.actor("staff"), at=AT
    )


def baseless(year, name) -> list[str]:
    found = to_dos_of(year.actor(name), today=DAY)
    return [one.url for one in found if one.url.startswith(reverse("opinions"))]


def test_what_waits_goes_with_the_nomination_and_silence_does_not_make_it_stand(year):
    nomination = nominate(year)
    opinion = issue(year, "first", wording=award_to(nomination))
    compute_anew(year)
    assert silence(year) == 0
    opinion.refresh_from_db()
    nomination.refresh_from_db()
    assert opinion.state == State.WITHDRAWN
    assert opinion.withdrawal_reason == nomination.withdrawal_reason
    for name in ("first", "secretary"):
        told = Notice.objects.filter(user=year.users[name], url=opinion.get_absolute_url())
        assert told.filter(key__startswith="opinion-").exclude(key__startswith="opinion:").exists()
    assert baseless(year, "secretary") == []


def test_what_waits_goes_with_a_nomination_that_the_branch_takes_back(year):
    nomination = nominate(year)
    opinion = issue(year, "first", wording=award_to(nomination))
    nominating.withdraw(pk=nomination.pk, reason="本人请辞", by=year.actor("secretary"), at=AT)
    opinion.refresh_from_db()
    assert (opinion.state, opinion.withdrawal_reason) == (State.WITHDRAWN, "本人请辞")


@pytest.mark.parametrize(
    "state", [State.CONFIRMED, State.PAPER, State.SILENT, State.APPEALED, State.KEPT]
)
def test_what_stands_on_a_nomination_that_is_gone_is_left_to_whoever_issued_it(year, client, state):
    opinion = issue(year, "first", wording=award_to(nominate(year)))
    bring_to(state, year, opinion)
    compute_anew(year)
    opinion.refresh_from_db()
    assert (opinion.state, opinion.is_baseless) == (state, True)
    assert Notice.objects.filter(
        user=year.users["secretary"], key__startswith="opinion-baseless"
    ).exists()
    assert baseless(year, "secretary") == [opinion.get_absolute_url()]
    assert baseless(year, "staff") == []
    client.force_login(year.users["staff"])
    for url in (opinion.get_absolute_url(), reverse("opinions"), reverse("year", args=[YEAR])):
        page = client.get(url).content.decode()
        assert any(gettext(sign) in page for sign in ("basis withdrawn", BASELESS)), url


def test_a_nomination_anew_gives_it_its_basis_again(year):
    opinion = issue(year, "first", wording=award_to(nominate(year)))
    confirm(opinion, year, by="first")
    compute_anew(year)
    compute_anew(year, candidates=("first",))
    again = nominate(year)
    opinion.refresh_from_db()
    assert (opinion.nomination, opinion.is_baseless) == (again, False)
    assert baseless(year, "secretary") == []


@pytest.mark.parametrize("name", ["last", "first"])
def test_an_award_to_no_candidate_is_asked_about_once(year, client, name):
    """``first`` is a candidate of the year, ``last`` is none."""
    client.force_login(year.users["staff"])
    typed = {
        "member": year.people[name].staff_no,
        "year": YEAR,
        "kind": "AWARD",
        "title": "优秀共产党员",
        "text": "表现突出",
    }
    first = client.post(reverse("new_opinion"), typed)
    if name == "first":
        assert (first.status_code, Opinion.objects.count()) == (302, 1)
        return
    warned = first.context["warned"]
    assert (first.status_code, Opinion.objects.count()) == (200, 0)
    assert year.people[name].name in first.context["doubt"]
    another = client.post(reverse("new_opinion"), typed | {"warned": warned, "year": YEAR - 1})
    assert (another.status_code, Opinion.objects.count()) == (200, 0)
    assert client.post(reverse("new_opinion"), typed | {"warned": warned}).status_code == 302


# -- signed on paper -----------------------------------------------------------------------


def test_nobody_enters_a_signature_without_its_scan(year):
    opinion = issue(year)
    assert outcome(lambda: sign(opinion, year, scan=())) == "refused"
    assert Opinion.objects.get().state == State.OPEN
    sign(opinion, year)
    sign(opinion, year)
    assert [scan.name for scan in opinion.scans.all()] == ["已签认定表.jpg"]
    other = (inspect(name="另一张.jpg", content=picture(colour="blue"), max_bytes=10_000),)
    assert outcome(lambda: sign(opinion, year, scan=other)) == "refused"


def test_a_signature_that_somebody_else_entered_leaves_the_time_to_appeal(year):
    opinion = bring_to(State.PAPER, year)
    assert outcome(lambda: appeal(opinion, year, when=LATER + timedelta(days=60))) == "refused"
    raised = appeal(opinion, year)
    assert Opinion.objects.get().state == State.APPEALED
    appealing.withdraw(appeal_id=raised.pk, by=year.actor("last"), at=LATER)
    opinion.refresh_from_db()
    assert (opinion.state, opinion.answered_by) == (State.PAPER, year.users["secretary"])


def test_the_members_own_word_ends_the_time_to_appeal(year):
    opinion = bring_to(State.CONFIRMED, year)
    assert outcome(lambda: appeal(opinion, year)) == "refused"


def test_the_signed_form_is_entered_and_read_on_the_page(year, client):
    opinion = issue(year, when=timezone.now())
    url = opinion.get_absolute_url()
    client.force_login(year.users["secretary"])
    disguised = upload(b"<script>", "认定表.jpg")
    answers = [
        client.post(url, {"step": "confirm_on_paper"} | files).status_code
        for files in ({}, {"papers": [disguised]}, {"papers": [upload(picture(), "认定表.jpg")]})
    ]
    stored = OpinionFile.objects.get()
    client.force_login(year.users["last"])
    page = client.get(url).content.decode()

    assert answers == [422, 422, 302]
    assert stored.get_absolute_url() in page
    assert reverse("new_appeal", args=["opinion", opinion.pk]) in page


def test_the_member_enters_no_signature_of_their_own(year, client):
    opinion = issue(year)
    client.force_login(year.users["last"])
    signed = {"step": "confirm_on_paper", "papers": [upload(picture(), "认定表.jpg")]}
    assert client.post(opinion.get_absolute_url(), signed).status_code == 403


# -- silence -------------------------------------------------------------------------------


def test_silence_counts_once_the_day_is_past_and_not_before(year):
    opinion = issue(year)
    assert silence(year, on=LAST_DAY) == 0
    assert (silence(year), silence(year)) == (1, 0)
    opinion.refresh_from_db()
    assert opinion.state == State.SILENT
    assert Event.objects.filter(verb="agree_silently", target_id=opinion.pk).count() == 1


def test_silence_is_of_the_branches_that_are_asked_about_only(year):
    issue(year)
    assert opining.agree_silently(on=date(2027, 1, 1), branches=[], at=LATER) == 0


@pytest.mark.parametrize(
    "state", [State.CONFIRMED, State.PAPER, State.APPEALED, State.KEPT, State.WITHDRAWN]
)
def test_silence_says_nothing_about_what_was_answered(year, state):
    opinion = bring_to(state, year)
    assert silence(year) == 0
    opinion.refresh_from_db()
    assert opinion.state == state


@pytest.mark.parametrize("count", [1, 3])
def test_silence_asks_the_same_for_one_and_for_three(year, django_assert_num_queries, count):
    for name in ("first", "second", "last")[:count]:
        issue(year, name)
    year.actor("system")
    with django_assert_num_queries(6):
        assert silence(year) == count


# -- appeals -------------------------------------------------------------------------------


@pytest.mark.parametrize(("is_upheld", "state"), [(True, "WITHDRAWN"), (False, "KEPT")])
def test_the_committees_decision_ends_it(year, is_upheld, state):
    opinion = issue(year)
    raised = appeal(opinion, year)
    assert Opinion.objects.get().state == State.APPEALED
    assert Notice.objects.get(user=year.users["secretary"]).url == opinion.get_absolute_url()
    decided = decide(raised, year, is_upheld=is_upheld)
    opinion.refresh_from_db()
    assert opinion.state == state
    assert opinion.withdrawal_reason == (decided.decision if is_upheld else "")
    assert Notice.objects.filter(
        user=year.users["secretary"], key=f"opinion-decided:{opinion.pk}"
    ).exists()


def test_whoever_issued_it_does_not_decide(year):
    raised = appeal(issue(year, by="staff"), year)
    assert outcome(lambda: decide(raised, year, by="staff")) == "denied"
    assert outcome(lambda: decide(raised, year, by="secretary")) == "denied"
    assert outcome(lambda: decide(raised, year, by="second staff")) == "done"


def test_no_entry_is_put_right_by_it(year):
    raised = appeal(issue(year), year)
    with pytest.raises(Refused):
        decide(raised, year, correction=Change(1, "APPROVED", None))


@pytest.mark.parametrize(("days", "state"), [(1, State.OPEN), (7, State.OPEN), (8, State.SILENT)])
def test_taking_the_appeal_back_lets_it_wait_again_or_counts_as_silence(year, days, state):
    opinion = issue(year)
    raised = appeal(opinion, year)
    appealing.withdraw(appeal_id=raised.pk, by=year.actor("last"), at=AT + timedelta(days=days))
    opinion.refresh_from_db()
    assert opinion.state == state
    assert (opinion.answered_at is None) == (state == State.OPEN)


def test_a_longer_window_lets_the_member_appeal_after_silence(year):
    Policy.objects.create(committee=year.committee, effective_from=date(2026, 1, 1), appeal_days=15)
    opinion = bring_to(State.SILENT, year)
    raised = appeal(opinion, year, when=LATER)
    appealing.withdraw(appeal_id=raised.pk, by=year.actor("last"), at=LATER)
    opinion.refresh_from_db()
    assert opinion.state == State.SILENT
    assert outcome(lambda: appeal(opinion, year, when=AT + timedelta(days=60))) == "refused"


def test_a_shorter_window_lasts_as_long_as_the_opinion_waits(year):
    Policy.objects.create(
        committee=year.committee, effective_from=date(2026, 1, 1), appeal_days=1, confirm_days=9
    )
    opinion = issue(year)
    assert appealing.window_of(opinion, DAY).last_day == opinion.confirm_by


# -- pages ---------------------------------------------------------------------------------


def test_the_member_confirms_on_the_page_and_the_to_do_is_gone(year, client):
    opinion = issue(year)
    actor = year.actor("last")
    urls = [one.url for one in to_dos_of(actor, today=DAY)]
    client.force_login(year.users["last"])

    client.post(opinion.get_absolute_url(), {"step": "confirm"})

    assert opinion.get_absolute_url() in urls
    assert Opinion.objects.get().state == State.CONFIRMED
    assert not [one for one in to_dos_of(actor, today=DAY) if "/opinions/" in one.url]


def test_an_opinion_that_cannot_be_issued_comes_back_with_what_was_typed(year, client):
    client.force_login(year.users["secretary"])
    typed = {
        "member": "没有这个人",
        "year": 2025,
        "kind": "SANCTION",
        "title": "通报批评",
        "text": "连续两月低于合格线",
    }
    refused = client.post(reverse("new_opinion"), typed)
    own = client.post(reverse("new_opinion"), typed | {"member": year.people["secretary"].staff_no})
    done = client.post(reverse("new_opinion"), typed | {"member": year.people["last"].staff_no})

    assert [refused.status_code, own.status_code, done.status_code] == [422, 422, 302]
    assert "连续两月低于合格线" in refused.content.decode()
    assert Opinion.objects.get().member == year.people["last"]


def test_a_withdrawal_without_a_reason_comes_back(year, client):
    opinion = issue(year)
    client.force_login(year.users["secretary"])
    url = opinion.get_absolute_url()
    assert client.post(url, {"step": "withdraw", "reason": ""}).status_code == 422
    assert client.post(url, {"step": "withdraw", "reason": "依据有误"}).status_code == 302
    assert Opinion.objects.get().state == State.WITHDRAWN


def test_staff_dismiss_an_appeal_on_its_page(year, client):
    raised = appeal(issue(year), year)
    client.force_login(year.users["staff"])
    said = {"verdict": "DISMISS", "text": "事实清楚"}

    shown = client.post(raised.get_absolute_url(), said)
    assert Opinion.objects.get().state == State.APPEALED
    client.post(raised.get_absolute_url(), said | {"confirmed": "yes"})

    assert shown.status_code == 200
    assert "事实清楚" in shown.content.decode()
    assert Opinion.objects.get().state == State.KEPT


def test_the_list_is_filtered(year, client):
    issue(year)
    issue(year, "first", wording=Wording("AWARD", YEAR, "优秀共产党员", "表现突出"))
    client.force_login(year.users["staff"])
    listed = lambda **asked: [  # noqa: E731
        one.title for one in client.get(reverse("opinions"), asked).context["page"]
    ]
    assert listed(kind="AWARD") == ["优秀共产党员"]
    assert listed(state="CONFIRMED") == []
    assert len(listed(year=YEAR, kind="", state="OPEN", branch=year.branch.pk)) == 2


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_for_one_and_for_three(
    year, client, django_assert_num_queries, count
):
    for name in ("first", "second", "last")[:count]:
        issue(year, name)
    client.force_login(year.users["secretary"])
    with django_assert_num_queries(11):
        client.get(reverse("opinions"))


@pytest.mark.parametrize("reader", ["last", "secretary", "staff"])
def test_the_paper_form_has_lines_to_sign(year, client, reader):
    opinion = issue(year)
    client.force_login(year.users[reader])
    page = client.get(reverse("opinion_print", args=[opinion.pk])).content.decode()
    assert SANCTION.text in page
    assert page.count("paper__sign") >= 4
