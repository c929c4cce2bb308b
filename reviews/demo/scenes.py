"""The scenes that show every state: what each branch looks like today."""

from datetime import date

from branches.models import Committee
from points.models import Decision, Entry, ResultLine
from points.services import declaration as declarations
from reviews.demo import files, story
from reviews.demo.month import BranchMonth
from reviews.demo.roll import Department
from reviews.services import objections as objecting
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.services.corrections import Change
from reviews.services.year_end import close_year

DISPUTED_SEATS = (5, 8, 11)
OBJECTIONS = (
    "该项工作由我独立完成，请核对批示件。",
    "请说明为何只认定一半。",
    "批示件第二页注明由我牵头，请重新认定。",
)
ANSWERS = {
    OBJECTIONS[1]: "批示针对整个专班，支委会复核后维持原认定。",
    OBJECTIONS[2]: "经核对批示件，确由本人牵头，按全额认定。",
}


def play_beginning(month: BranchMonth) -> None:
    """The present month while it is young: a few have filed already."""
    month.register_all(until=month.department.calendar.today.day)
    for member in month.roster[1::4]:
        month.declare(member, month.codes_for(member), month.department.calendar.today.day)
    leave_unfinished(month)


def play_stage(month: BranchMonth) -> None:
    """The month in which branches stand at every step."""
    match month.plan.scene:
        case story.Scene.REVIEWING:
            play_reviewing(month)
        case story.Scene.PUBLISHED:
            play_published(month)
        case story.Scene.CLOSED:
            month.register_all(until=11)
            month.declare_all(2, story.EARLY_DECLARE_BY, share=0.8)
            month.review(12)
        case _:
            play_open(month)


def until_today(month: BranchMonth) -> int:
    """The latest day of the month that has come."""
    return month.day(31).day


def play_open(month: BranchMonth) -> None:
    """Registered so far; some have filed, some have begun, some have not. A branch past its
    due day has late sheets, and the retired hand in theirs on paper (代填)."""
    today = until_today(month)
    month.register_all(until=today)
    unfiled = [month.department.account(name) for name in ("member", "admin")]
    first, last = (2, today) if not month.plan.early else (today - 3, today)
    for seat, member in enumerate(month.roster):
        if member in unfiled or seat % 10 == 4:
            continue
        on_paper = month.plan.key == "retired" and seat in (5, 8, 11)
        month.declare(
            member,
            month.codes_for(member),
            month.dice.randrange(first, last) if last > first else last,
            submit=on_paper or seat % 10 not in (3, 9),
            by=month.second(today) if on_paper else None,
        )
    if month.month == month.department.calendar.present:
        leave_unfinished(month)


def leave_unfinished(month: BranchMonth) -> None:
    """The member account has begun: one line stands, the next was never finished."""
    member = month.department.account("member")
    if member not in month.roster:
        return
    sheet = month.declare(member, ["XX-05"], until_today(month), submit=False)
    declarations.keep_typed(
        pk=sheet.pk,
        typed={
            "criterion": str(month.criteria["ZY-02"].pk),
            "occurred_on": month.day(until_today(month)).isoformat(),
            "times": "1",
            "reason": "周末到社区参加",
        },
        by=month.actor(member, month.today),
        at=month.at(31, 8),
    )


def play_lagging(month: BranchMonth) -> None:
    """Last month's review is under way and late: half is decided, the secretary's own sheet
    waits for the deputy, one sheet was returned, one item may be there twice."""
    month.register_all()
    for member in month.roster:
        account = month.department.account("member")
        codes = ["YE-05B", "ZY-02"] if member is account else month.codes_for(member)
        if member is month.roster[0]:
            codes = ["XX-06", "ZY-03"]
        if month.roster.index(member) not in (7, 10, 16):
            month.declare(member, codes, 24)
    declare_twice(month, seat=10, number=24)
    start_half_way(month, number=29)


def play_reviewing(month: BranchMonth) -> None:
    """This month's review is under way."""
    month.register_all(until=11)
    for seat, member in enumerate(month.roster):
        codes = ["XX-05", "ZY-03"] if seat == 0 else month.codes_for(member)
        if seat not in (7, 10):
            month.declare(member, codes, 13 if seat == 12 else month.dice.randrange(3, 10))
    declare_twice(month, seat=10, number=9)
    start_half_way(month, number=14)


def declare_twice(month: BranchMonth, *, seat: int, number: int) -> None:
    """The same photograph proves two items of one member, and a matter the branch had
    registered is declared again: both are shown to the reviewers (就高不重复)."""
    member = month.roster[seat]
    photo = files.sign_in_sheet(name="志愿服务合影", on=month.day(7), number=4711)
    month.declare(member, ["ZY-02", "YW-07"], number, shared=photo)
    month.register("XX-06", [month.roster[11]], 9, 31)


def start_half_way(month: BranchMonth, *, number: int) -> None:
    """Start the review and decide every second entry of those the secretary may decide."""
    month.start_review(number)
    by = month.secretary(number)
    waiting = [entry for entry in rounds.undecided(month.round) if entry.member_id != by.member_id]
    warned = reviewing.warnings_of(month.round)
    ready = [entry for entry in waiting if entry.pk not in warned]
    back = next(entry for entry in reversed(ready) if entry.source == Entry.Source.DECLARED)
    reviewing.return_sheet(
        pk=month.round.pk,
        declaration_id=back.declaration_id or 0,
        reason="请补充活动的具体时间和地点后再提交",
        remarks={back.pk: "理由过于笼统，请写明时间、地点和本人所做工作。"},
        by=by,
        at=month.at(number, 11),
    )
    ready = [entry for entry in ready if entry.member_id != back.member_id]
    for entry in ready[::2]:
        month.decide(entry, Decision.Outcome.APPROVED, number, by=by)


def play_published(month: BranchMonth) -> None:
    """Published and running: one objection waits, one was answered with the result kept,
    one with the result corrected."""
    month.register_all(until=11)
    for seat, member in enumerate(month.roster):
        codes = ["YE-05B", "ZY-03"] if seat in DISPUTED_SEATS else month.codes_for(member)
        if seat != 9:
            month.declare(member, codes, month.dice.randrange(3, 10))
    month.start_review(13)
    cut_short(month, 13)
    number = max(month.today - 2, 1)
    publication = month.conclude(number)
    assert publication is not None  # every month of this branch is published by itself
    month.confirm_some(publication, number, share=0.3)
    object_and_answer(month)


def cut_short(month: BranchMonth, number: int) -> None:
    """Three members are given half of what they declared: they will object."""
    by = month.second(number)
    for entry in disputed(month):
        month.decide(
            entry,
            Decision.Outcome.ADJUSTED,
            number,
            by=by,
            points=entry.claimed_points / 2,
            reason="属集体成果，按一半认定",
        )


def disputed(month: BranchMonth) -> list[Entry]:
    members = {month.roster[seat].pk for seat in DISPUTED_SEATS}
    return [
        entry
        for entry in month.declared()
        if entry.member_id in members and entry.criterion.code == "YE-05B"
    ]


def object_and_answer(month: BranchMonth) -> None:
    """The first waits, the second is kept, the third is corrected."""
    publication = month.round.publication
    assert publication is not None  # just concluded
    by, raised_at = month.secretary(month.today), month.at(month.today, 8)
    for entry, text in zip(disputed(month), OBJECTIONS, strict=True):
        line = ResultLine.objects.get(entry=entry, result__is_current=True)
        objector = month.actor(entry.member, month.today)
        objection = objecting.object_to(
            pk=publication.pk, line=line, text=text, by=objector, at=raised_at
        )
        if answer := ANSWERS.get(text):
            correction = Change(entry.pk, Decision.Outcome.APPROVED, None)
            objecting.answer(
                objection_id=objection.pk,
                text=answer,
                correction=correction if text == OBJECTIONS[2] else None,
                by=by,
                at=raised_at,
            )


def freeze_year(department: Department, year: int) -> None:
    """Close the year that lies behind, as the committee's staff do in January."""
    day = date(year + 1, 1, 20)
    close_year(
        committee=Committee.objects.get(name=story.COMMITTEE),
        year=year,
        provisional=False,
        by=department.staff(day),
        at=department.calendar.moment(day),
    )
