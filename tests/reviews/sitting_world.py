"""A branch with a talk, an interview and everybody who may have to do with them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from members.models import Member, Position, User
from members.rights import Actor, actor_on, system_actor
from points.files import Accepted, inspect
from reviews.models import FollowUp, RectificationCheck
from reviews.services import follow_up_ends, records, rectification
from reviews.services.records import Sitting
from tests.factories import BranchFactory, MemberFactory, StaffAppointmentFactory
from tests.points.uploads import pdf

SHANGHAI = ZoneInfo("Asia/Shanghai")
AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)
HELD = date(2026, 10, 20)
AT = datetime(2026, 10, 21, 10, tzinfo=SHANGHAI)
AFTER = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
Kind, State = FollowUp.Kind, FollowUp.State


def letter(name: str = "scan.pdf") -> Accepted:
    return inspect(name=name, content=pdf(), max_bytes=10_000)


class Sittings:
    """``people``: the member, the secretary who holds the talk, the deputy who holds the
    interview, others of the branch, and the staff of its committee and of another one."""

    def __init__(self) -> None:
        self.branch = BranchFactory(name="办公室党支部")
        elsewhere = BranchFactory()
        seats = Position.Kind
        self.people: dict[str, Member | User] = {
            "member": MemberFactory(branch=self.branch, name="张伟"),
            "secretary": self.seated(seats.SECRETARY),
            "deputy": self.seated(seats.DEPUTY_SECRETARY),
            "other": MemberFactory(branch=self.branch),
            "secretary elsewhere": MemberFactory(
                branch=elsewhere, position=(elsewhere, seats.SECRETARY)
            ),
            "staff": self.appointed(self.branch),
            "second staff": self.appointed(self.branch),
            "staff elsewhere": self.appointed(elsewhere),
        }
        self.member = self.people["member"]
        self.talk = self.demanded(Kind.TALK, holder="secretary", month=AUGUST)
        self.interview = self.demanded(Kind.INTERVIEW, holder="deputy", month=SEPTEMBER)

    def seated(self, kind: str) -> Member:
        return MemberFactory(branch=self.branch, position=(self.branch, kind))

    def appointed(self, branch) -> User:
        return StaffAppointmentFactory(committee=branch.committee).user

    def demanded(self, kind: str, *, holder: str | None, month: date, **more) -> FollowUp:
        return FollowUp.objects.create(
            kind=kind,
            branch=self.branch,
            member=more.pop("member", self.member),
            holder=self.people[holder] if holder else None,
            first_month=AUGUST,
            trigger_month=month,
            year=2026,
            due_on=date(2026, 10, 28),
            opened_at=AT,
            **more,
        )

    def user(self, name: str) -> User:
        person = self.people[name]
        return person.user if isinstance(person, Member) else person

    def actor(self, name: str) -> Actor:
        return system_actor() if name == "system" else actor_on(self.user(name), AT.date())

    def sitting(self, *holders: str, **more) -> Sitting:
        """Without measures, unless they are given."""
        held_by = tuple(self.people[name].pk for name in holders or ("secretary",))
        facts = {"held_on": HELD, "place": "三楼谈话室", "said": "谈了积分偏低的原因"}
        return Sitting(held_by=held_by, **(facts | more))

    def measures(self, *holders: str, **more) -> Sitting:
        facts = {"measures": "每周补学一次", "rectify_by": date(2026, 11, 10)}
        return self.sitting(*holders, **(facts | more))

    # -- steps, each by who usually takes it ---------------------------------------------------

    def record(self, row=None, sitting=None, *, by="secretary", seen=0, at=AT):
        row = row or self.talk
        return records.record_sitting(
            pk=row.pk, sitting=sitting or self.sitting(), seen=seen, by=self.actor(by), at=at
        )

    def confirm(self, row=None, *, by="member", seen=1, at=AT):
        return records.confirm(pk=(row or self.talk).pk, seen=seen, by=self.actor(by), at=at)

    def dispute(self, row=None, *, by="member", seen=1, reason="措施没有谈到", at=AT):
        return records.dispute(
            pk=(row or self.talk).pk, seen=seen, reason=reason, by=self.actor(by), at=at
        )

    def on_paper(self, row=None, *, by="secretary", seen=1, scan=None, at=AT):
        return records.confirm_on_paper(
            pk=(row or self.talk).pk,
            seen=seen,
            scan=[letter()] if scan is None else scan,
            by=self.actor(by),
            at=at,
        )

    def let_stand(self, row=None, *, by="staff", seen=1, reason="录音可证", at=AT):
        return records.let_stand(
            pk=(row or self.talk).pk, seen=seen, reason=reason, by=self.actor(by), at=at
        )

    def add_step(self, row=None, *, by="member", text="补学一次", done_on=HELD, files=(), at=AT):
        return rectification.add_step(
            pk=(row or self.talk).pk,
            text=text,
            done_on=done_on,
            files=files,
            by=self.actor(by),
            at=at,
        )

    def hand_in(self, row=None, *, by="member", at=AT):
        return rectification.hand_in(pk=(row or self.talk).pk, by=self.actor(by), at=at)

    def check(
        self,
        row=None,
        outcome="PUT_RIGHT",
        *,
        by="secretary",
        reason="属实",
        due_on=None,
        seen=None,
        at=AT,
    ):
        row = row or self.talk
        if seen is None:  # having read every check so far
            seen = RectificationCheck.objects.filter(rectification__follow_up=row).count()
        return follow_up_ends.check(
            pk=row.pk,
            outcome=outcome,
            seen=seen,
            reason=reason,
            due_on=due_on,
            by=self.actor(by),
            at=at,
        )

    def close(self, row=None, *, by="secretary", note="已谈话提醒，无需整改", at=AT):
        return follow_up_ends.close(pk=(row or self.talk).pk, note=note, by=self.actor(by), at=at)

    def lift(self, row=None, *, by="staff", reason="申诉成立，依据已更正", at=AT):
        return follow_up_ends.lift(
            pk=(row or self.talk).pk, reason=reason, by=self.actor(by), at=at
        )

    def to(self, state: str, row=None) -> FollowUp:
        """Bring a talk or an interview to a state."""
        row = row or self.talk
        holder = "secretary" if row.kind == Kind.TALK else "deputy"
        if state == State.OPEN:
            return row
        sitting = self.measures(holder) if state == State.RECTIFYING else self.sitting(holder)
        self.record(row, sitting, by=holder)
        if state == State.DISPUTED:
            self.dispute(row)
        elif state != State.RECORDED:
            self.confirm(row)
        if state == State.CLOSED:
            self.close(row, by=holder)
        row.refresh_from_db()
        assert row.state == state
        return row
