"""A small department in which every page has something to show, for the matrix of access."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from branches.models import Branch
from lib.months import add_months, month_of
from members.models import Exemption, LeadershipDuty, Member, Notice, Position, User
from members.rights import actor_on, system_actor
from members.services import uploads
from points.models import (
    Activity,
    Criterion,
    Declaration,
    Entry,
    Evidence,
    MonthlyResult,
    Policy,
    Registration,
    RuleBook,
)
from points.services import declaration as declarations
from points.services.activities import Held
from points.services.registration import Item
from points.services.rule_book import draft as drafting
from reviews.exports.asking import Asked
from reviews.models import (
    Appeal,
    Attachment,
    Export,
    FollowUp,
    FollowUpFile,
    Nomination,
    Objection,
    Opinion,
    OpinionFile,
    Post,
    Publication,
    Round,
    SpotCheck,
)
from reviews.services import appeals as appealing
from reviews.services import conclusion as concluding
from reviews.services import exports as exporting
from reviews.services import objections as objecting
from reviews.services import opening
from reviews.services import opinions as opining
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.services import spot_checks as spot_checking
from reviews.services.month_end import month_end
from reviews.services.year_end import close_year
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    CriterionFactory,
    LeadershipDutyFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
    UserFactory,
)
from tests.points.uploads import picture

ROLES = (
    "anonymous",
    "member",
    "subject",
    "deputy",
    "committee",
    "secretary",
    "former",
    "staff",
    "other_staff",
    "leader",
    "administrator",
)


@dataclass
class Place:
    """One branch with a month in each state, all about ``subject``, an ordinary member."""

    branch: Branch
    subject: Member
    rounds: dict[str, Round]
    sheet: Declaration
    returned: Declaration
    entry: Entry
    evidence: Evidence
    reviewed_entry: Entry
    published_entry: Entry
    criterion: Criterion
    registration: Registration
    activity: Activity
    publication: Publication
    objection: Objection
    attachment: Attachment
    appeal: Appeal
    result: MonthlyResult
    talk: FollowUp
    interview: FollowUp
    disposition: FollowUp
    explanation: FollowUp
    led: FollowUp
    follow_up_file: FollowUpFile
    notice: Notice
    book: RuleBook
    rule_draft: RuleBook
    exemption: Exemption
    nomination: Nomination
    opinion: Opinion
    opinion_file: OpinionFile


@dataclass
class World:
    """The roles and two branches: ``own`` is theirs, ``other`` belongs to another committee."""

    users: dict[str, User | None]
    own: Place
    other: Place
    today: date
    upload: UUID


def build_world() -> World:
    committee, elsewhere = CommitteeFactory(), CommitteeFactory()
    branch = BranchFactory(committee=committee, name="甲单位党支部")
    other = BranchFactory(committee=elsewhere, name="乙单位党支部")
    today = timezone.localdate()
    kinds = {
        "secretary": Position.Kind.SECRETARY,
        "deputy": Position.Kind.DEPUTY_SECRETARY,
        "committee": Position.Kind.DISCIPLINE,
    }
    users: dict[str, User | None] = {"anonymous": None, "member": MemberFactory(branch=branch).user}
    for role, kind in kinds.items():
        users[role] = MemberFactory(branch=branch, position=(branch, kind)).user
        MemberFactory(branch=other, position=(other, kind))
    former = MemberFactory(branch=branch)
    Position.objects.create(
        member=former,
        branch=branch,
        kind=Position.Kind.SECRETARY,
        ends_on=today - timedelta(days=1),
    )
    users["former"] = former.user
    users["staff"] = StaffAppointmentFactory(committee=committee).user
    users["other_staff"] = StaffAppointmentFactory(committee=elsewhere).user
    users["leader"] = LeadershipDutyFactory(branch=branch).leader.user
    users["administrator"] = UserFactory(is_superuser=True, is_staff=True)
    LeadershipDutyFactory(branch=other)
    places = [build_place(one, today) for one in (branch, other)]
    users["subject"] = places[0].subject.user
    for place, role in zip(places, ("staff", "other_staff"), strict=True):
        place.spot_check = build_spot_check(place, actor_on(users[role], today))
        place.export = build_export(place, actor_on(users[role], today))
    for one in (committee, elsewhere):
        close_year(
            committee=one, year=today.year, provisional=True, by=system_actor(), at=timezone.now()
        )
    for one in (committee, elsewhere):
        Policy.objects.create(committee=one, effective_from=date(today.year + 1, 1, 1))
    upload = uploads.keep(user=users["staff"], content=b"no workbook", at=timezone.now())
    return World(users=users, own=places[0], other=places[1], today=today, upload=upload)


def build_place(branch: Branch, today: date) -> Place:
    now, by = timezone.now(), system_actor()
    this = month_of(today)
    book = RuleBookFactory(branch=branch, effective_from=add_months(this, -6))
    bonus = CriterionFactory(rule_book=book, code="XX-01")
    minus = CriterionFactory(
        rule_book=book,
        code="JL-01",
        points=Decimal(-30),
        registered_by=Criterion.RegisteredBy.BRANCH,
    )
    subject = MemberFactory(branch=branch, name=f"{branch.name}当事人")
    actor = actor_on(subject.user, today)
    months = {
        "closed2": add_months(this, -5),
        "closed1": add_months(this, -4),
        "closed": add_months(this, -3),
        "published": add_months(this, -2),
        "reviewing": add_months(this, -1),
        "open": this,
    }
    found, sheets, entries, registrations = {}, {}, {}, {}
    for name, month in months.items():
        opening.open_month(month=month, by=by, at=now, branches=[branch])
        found[name] = Round.objects.get(branch=branch, month=month)
        registrations[name] = rounds.register(
            pk=found[name].pk,
            token=uuid4(),
            item=Item(minus, Decimal(1), month, "未完成任务"),
            members=[subject.pk],
            by=by,
            at=now,
        )
        sheet = sheets[name] = Declaration.objects.get(member=subject, month=month)
        entries[name] = declarations.add_line(
            pk=sheet.pk,
            line=declarations.Line(bonus, Decimal(1), month, "学习心得"),
            seen=sheet.revision,
            by=actor,
            at=now,
        )
        if name == "open":
            continue
        sheet.refresh_from_db()
        declarations.submit(pk=sheet.pk, seen=sheet.revision, by=actor, at=now)
        rounds.start_review(pk=found[name].pk, by=by, at=now)
        if name != "reviewing":
            conclude(found[name], by, now, subject)
        if name.startswith("closed"):
            month_end(on=today + timedelta(days=60), by=by, at=now)
    evidence = Evidence.objects.create(
        entry=entries["open"],
        file=ContentFile(picture("PNG"), name="picture.png"),
        name="picture.png",
        suffix=".png",
        content_type="image/png",
        size=1,
        sha256=uuid4().hex * 2,
        uploaded_by=subject.user,
        uploaded_at=now,
    )
    publication = Publication.objects.get(round=found["published"])
    objection = objecting.object_to(pk=publication.pk, line=None, text="请核对", by=actor, at=now)
    attachment = Attachment.objects.create(
        post=Post.objects.create(
            objection=objection, text="见附件", posted_by=subject.user, posted_at=now
        ),
        file=ContentFile(b"picture", name="picture.png"),
        name="picture.png",
        suffix=".png",
        content_type="image/png",
        size=1,
        sha256=uuid4().hex * 2,
        uploaded_by=subject.user,
        uploaded_at=now,
    )
    follow_ups = {row.kind: row for row in FollowUp.objects.filter(branch=branch)}
    appeal = appealing.appeal_against(
        matter=follow_ups[FollowUp.Kind.INTERVIEW], text="请党委复核", by=actor, at=now
    )
    holder = Position.objects.get(branch=branch, kind="SECRETARY", ends_on=None).member
    # Held, as the file kept with it says.
    FollowUp.objects.filter(pk=follow_ups[FollowUp.Kind.TALK].pk).update(holder=holder)
    opinion = opining.issue(
        member=subject.pk,
        wording=opining.Wording("SANCTION", today.year, "通报批评", "连续未完成任务"),
        by=by,
        at=now,
    )
    return Place(
        branch=branch,
        subject=subject,
        rounds=found,
        sheet=sheets["open"],
        returned=sheets["reviewing"],
        entry=entries["open"],
        evidence=evidence,
        reviewed_entry=entries["reviewing"],
        published_entry=entries["published"],
        criterion=bonus,
        registration=registrations["open"],
        activity=rounds.record_activity(
            pk=found["open"].pk,
            token=uuid4(),
            held=Held("ASSEMBLY", this, "会议室", "学习会", {subject.pk: "PRESENT"}),
            by=by,
            at=now,
        ),
        publication=publication,
        objection=objection,
        attachment=attachment,
        appeal=appeal,
        result=MonthlyResult.objects.current().get(member=subject, month=months["published"]),
        talk=follow_ups[FollowUp.Kind.TALK],
        interview=follow_ups[FollowUp.Kind.INTERVIEW],
        disposition=follow_ups[FollowUp.Kind.DISPOSITION],
        explanation=FollowUp.objects.create(
            kind=FollowUp.Kind.REPORT_EXPLANATION,
            branch=branch,
            holder=holder,
            year=today.year,
            opened_at=now,
        ),
        led=FollowUp.objects.create(
            kind=FollowUp.Kind.LIFE_MEETING_EXPLANATION,
            branch=branch,
            holder=LeadershipDuty.objects.get(branch=branch).leader,
            year=today.year,
            opened_at=now,
        ),
        follow_up_file=FollowUpFile.objects.create(
            follow_up=follow_ups[FollowUp.Kind.TALK],
            file=ContentFile(b"scan", name="scan.png"),
            name="scan.png",
            suffix=".png",
            content_type="image/png",
            size=1,
            sha256=uuid4().hex * 2,
            uploaded_by=subject.user,
            uploaded_at=now,
        ),
        notice=Notice.objects.filter(user=subject.user).latest("pk"),
        book=book,
        rule_draft=drafting.start(branch=branch, source=book, by=by, at=now),
        exemption=Exemption.objects.create(
            member=subject,
            first_month=add_months(this, 2),
            last_month=add_months(this, 3),
            reason="驻村帮扶",
            state=Exemption.State.REQUESTED,
        ),
        nomination=Nomination.objects.create(
            member=subject,
            branch=branch,
            year=today.year,
            award=Nomination.Award.COMMENDATION,
            nominated_by=by.user,
            nominated_at=now,
        ),
        opinion=opinion,
        opinion_file=OpinionFile.objects.create(
            opinion=opinion,
            file=ContentFile(b"signed", name="signed.png"),
            name="signed.png",
            suffix=".png",
            content_type="image/png",
            size=1,
            sha256=uuid4().hex * 2,
            uploaded_by=by.user,
            uploaded_at=now,
        ),
    )


def build_spot_check(place: Place, by: Any) -> SpotCheck:
    """All that was reviewed is drawn: the first is inspected, the second is to be. The first is
    something that earned points: without a minus the follow-ups would be withdrawn."""
    months = sorted(round_.month for round_ in place.rounds.values())
    choice = spot_checking.Choice(
        place.branch.committee, months[0], months[-1], size=9, share=None, is_each_branch=False
    )
    for number in range(100):
        with transaction.atomic():
            seed = f"{place.branch.name}{number}"
            drawn = spot_checking.draw(
                choice=choice, token=uuid4(), seed=seed, by=by, at=timezone.now()
            )
            first = drawn.items.get(number=1)
            if first.entry.claimed_points > 0:
                break
            transaction.set_rollback(True)
    found = spot_checking.Found("EVIDENCE_MISSING", None, "没有佐证")
    spot_checking.record_finding(pk=first.pk, found=found, by=by, at=timezone.now())
    return drawn


def build_export(place: Place, by: Any) -> Export:
    """Staff have the ledger of one closed month, ready to be taken."""
    month = place.rounds["closed"].month
    found = exporting.request_export(
        kind=Export.Kind.LEDGER,
        asked=Asked(first_month=month, last_month=month),
        branches=[place.branch.pk],
        by=by,
        at=timezone.now(),
    )
    return exporting.make(export_id=found.pk, clock=timezone.now)


def conclude(round_: Round, by: Any, now: Any, chair: Member) -> None:
    reviewing.approve_all_in_order(pk=round_.pk, by=by, at=now)
    for entry in rounds.undecided(round_):
        reviewing.decide_entry(
            pk=round_.pk,
            entry_id=entry.pk,
            outcome="APPROVED",
            points=None,
            reason="",
            seen=0,
            by=by,
            at=now,
        )
    today = timezone.localdate(now)
    people = tuple(Member.objects.of_branch(round_.branch, today).values_list("pk", flat=True))
    concluding.record_meeting(
        pk=round_.pk,
        meeting=concluding.MeetingRecord(
            "ASSEMBLY", today, "三楼会议室", chair.pk, people, "逐条评审"
        ),
        by=by,
        at=now,
    )
    concluding.conclude(pk=round_.pk, by=by, at=now)
