"""What happened in the demonstration department: who is where, and who did what when.

Plain data. Months are told by how long ago they were, so that the story holds on any day.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from lib.months import add_months, month_of, months_between, previous_month
from members.models import Position
from reviews.demo import rule_book

COMMITTEE = "省人力资源和社会保障厅直属机关党委"
GENERAL_BRANCH = "省社会保险事业管理局党总支"

Kind = Position.Kind
SEATS = (
    Kind.SECRETARY,
    Kind.DEPUTY_SECRETARY,
    Kind.ORGANISATION,
    Kind.PUBLICITY,
    Kind.DISCIPLINE,
)
# How many closed months went through the product; what lies before came over from Excel.
CLOSED_ROUNDS = 6
# From this day of a month on, the branches with the earlier calendar have something to show.
STAGE_FROM_DAY = 15
# The general branch's calendar, a fortnight earlier than its superior's.
EARLY_DECLARE_BY, EARLY_REVIEW_BY = 10, 20


class Scene(StrEnum):
    """How far a branch has come with the month on stage."""

    OPEN = "open"
    REVIEWING = "reviewing"
    PUBLISHED = "published"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Plan:
    """One branch: ``early`` follows the general branch's calendar; ``first_month`` is the
    month of the frozen year from which it has rules."""

    key: str
    name: str
    size: int
    unit_type: str = "厅机关处室"
    early: bool = False
    scene: Scene = Scene.OPEN
    lags_behind: bool = False
    base: Decimal = rule_book.BASE
    pass_line: Decimal = rule_book.PASS_LINE
    starter_only: bool = False
    is_strict: bool = False
    first_month: int = 1
    seats: int = 5


PLANS = (
    Plan("office", "办公室党支部", 17),
    Plan("finance", "规划财务处党支部", 13),
    Plan("employment", "就业促进处党支部", 18, lags_behind=True, is_strict=True),
    Plan("pension", "养老保险处党支部", 15),
    Plan("labour", "劳动关系处党支部", 14, seats=3),
    Plan("personnel", "人事教育处党支部", 14),
    Plan("it", "信息中心党支部", 16, unit_type="厅属事业单位"),
    Plan(
        "retired",
        "离退休干部党支部",
        14,
        unit_type="离退休干部",
        pass_line=Decimal("60.00"),
        starter_only=True,
        seats=3,
    ),
    Plan(
        "levy",
        "登记征缴处党支部",
        16,
        "厅属事业单位",
        early=True,
        scene=Scene.REVIEWING,
        is_strict=True,
    ),
    Plan("benefits", "待遇审核处党支部", 16, "厅属事业单位", early=True, scene=Scene.PUBLISHED),
    Plan("audit", "稽核风控处党支部", 13, "厅属事业单位", early=True, seats=3),
    Plan(
        "counter",
        "窗口服务处党支部",
        14,
        "窗口单位",
        early=True,
        scene=Scene.CLOSED,
        pass_line=Decimal("75.00"),
        first_month=10,
    ),
)


@dataclass(frozen=True, slots=True)
class Deed:
    """Items that stand against one member in one month: code and times. The month is so
    many months before the latest closed one, or a month of the frozen year."""

    branch: str
    seat: int
    items: tuple[tuple[str, int], ...]
    back: int | None = None
    month_of_frozen_year: int | None = None


# 80 − 6 − 3 − 3 = 68: below 70.
LOW = (("ZZ-01", 2), ("YW-02", 1), ("YE-03", 1))
# 80 − 9 − 6 − 3 = 62: below 75, and enough to bring three months below it together.
LOWER = (("ZZ-01", 3), ("YW-02", 2), ("YE-03", 1))
VETO = (("JL-V1", 1),)
# A poor month that still passes.
POOR = (("XX-02", 1), ("ZZ-03", 1), ("JL-01", 1))

DEEDS = (
    Deed("employment", 8, LOW, back=1),
    Deed("employment", 6, POOR, back=4),
    Deed("employment", 6, LOW, back=2),
    Deed("employment", 0, POOR, back=6),
    Deed("finance", 7, LOW, back=1),
    Deed("finance", 7, LOW, back=0),
    Deed("labour", 9, LOW, back=2),
    Deed("labour", 9, LOW, back=1),
    Deed("labour", 9, LOWER, back=0),
    Deed("personnel", 0, LOW, back=2),
    Deed("pension", 10, VETO, back=3),
    Deed("it", 9, LOW, back=1),
    *(Deed("pension", 11, LOW, back=back) for back in (5, 4, 3)),
    *(Deed("employment", 10, LOW, back=back) for back in (3, 2, 1)),
    *(Deed("benefits", 9, LOW, back=back) for back in (2, 1, 0)),
    *(Deed("counter", seat, LOWER, month_of_frozen_year=12) for seat in (6, 7, 8, 9, 10)),
)
# They brought home nothing else in the year that counts against the branch.
PLAIN = {("counter", seat) for seat in (6, 7, 8, 9, 10)}
# Whose appeal against a talk was upheld: branch and seat of a deed above.
APPELLANT = ("it", 9)
# How far the cases of those have come who were below the line for three months: branch and
# seat. Of the one in the labour branch nobody has thought yet.
CASES = {
    ("pension", 11): "APPROVED",
    ("employment", 10): "RETURNED",
    ("benefits", 9): "FILED",
}
# Among the first three of their branch in the frozen year, and not yet full members then.
PROBATIONARY_FIRST = ("it", 8)
PROBATIONARY_NOW = (("office", 14), ("employment", 15), ("levy", 13))
LEAVING_SECRETARY = ("audit", 0)
# Moved from the one branch to the other, so many months before the latest closed one.
TRANSFERRED = ("office", 13, "finance")
TRANSFERRED_BACK = 3
EXEMPT = (
    ("labour", 6, 5, 2, "产假"),
    ("personnel", 9, 8, 0, "驻村帮扶，由派驻地党组织管理"),
)
ALWAYS_EXEMPT = ("retired", 12, "长期患病，行动不便")

# Who of the branches the demonstration's accounts are: branch and seat.
ACCOUNTS = {
    "secretary": ("employment", 0),
    "deputy": ("employment", 1),
    "member": ("employment", 6),
    "leader": ("office", 5),
    "staff": ("personnel", 6),
    "admin": ("it", 6),
}
LEADING_CADRES = (("office", 5), ("office", 6), ("office", 7), ("office", 8))
# Leader's seat in the office branch, branch, in charge (else assisting).
DUTIES = (
    (5, "employment", True),
    (5, "pension", True),
    (6, "pension", False),
    (6, "finance", True),
    (6, "office", True),
    (7, "labour", True),
    (7, "personnel", True),
    (7, "it", True),
    (8, "levy", True),
    (8, "benefits", True),
    (8, "audit", True),
    (8, "counter", True),
)

# The most items that somebody declares in a month: by staff number, some are more zealous.
ZEAL = (1, 1, 2, 2, 3, 4)
ZEALOUS_ACCOUNT = "member"

REASONS = {
    "XX-01": ("未请假缺席理论学习中心组（扩大）学习",),
    "XX-02": ("集中学习迟到四十分钟",),
    "XX-04": ("撰写学习党章心得，在支部交流", "撰写调研报告写作学习体会并交流"),
    "XX-05": ("领学《中国共产党纪律处分条例》", "围绕本职工作作专题发言", "领学党的创新理论"),
    "XX-06": ("为支部讲授专题党课", "结合工作实际讲微党课"),
    "XX-07": ("受邀到结对社区宣讲就业政策", "为高校毕业生讲授职业指导课"),
    "ZZ-01": ("无故未参加支部党员大会",),
    "ZZ-03": ("支部会议迟到",),
    "ZZ-06": ("承办“走进基层一线”主题党日", "主持党小组会"),
    "YW-01": ("经提醒仍未按时交纳党费",),
    "YW-02": ("未按时完成支部交办的调研任务",),
    "YW-06": ("担任支部委员并履职",),
    "YW-07": ("参加防汛救灾突击队", "参加社保系统切换攻坚专班"),
    "QY-03": ("建议优化主题党日形式，被支部采纳", "建议设立党员学习角，被支部采纳"),
    "YE-03": ("窗口有责投诉一件，经核实属实", "因解释不到位引发有责投诉"),
    "YE-05B": ("业务做法获省级领导批示肯定",),
    "YE-05C": ("专项工作经验在全厅推广",),
    "YE-07C": ("信息被厅简报采用",),
    "JL-01": ("工作时间无故脱岗",),
    "JL-V1": ("受到组织处理，见有关决定",),
    "ZY-02": ("周末社区志愿服务两小时", "参加“双报到”社区环境整治", "高考期间志愿服务"),
    "ZY-03": ("走访慰问困难群众", "到结对帮扶户家中走访"),
    "LD-05": ("到联系点调研，协调解决场地问题",),
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """The months of the story as they lie around the moment of building: ``months`` are those
    that went through the product, the present one last."""

    now: datetime
    today: date
    months: list[date] = field(init=False)

    def __post_init__(self) -> None:
        first = self.ago(CLOSED_ROUNDS - 1)
        object.__setattr__(self, "months", months_between(first, self.present))

    @property
    def past_months(self) -> list[date]:
        """The months of the ledger: from January of the frozen year up to the first round."""
        return months_between(date(self.frozen_year, 1, 1), previous_month(self.months[0]))

    @property
    def present(self) -> date:
        return month_of(self.today)

    @property
    def stage(self) -> date:
        """The month in which branches stand at every step: the present one, or the one
        before while the present one is too young."""
        is_old_enough = self.today.day >= STAGE_FROM_DAY
        return self.present if is_old_enough else previous_month(self.present)

    @property
    def latest_closed(self) -> date:
        """The latest month that every branch but the one lagging behind has closed."""
        return previous_month(self.stage)

    @property
    def frozen_year(self) -> int:
        """The year that lies whole before the latest closed month."""
        return self.latest_closed.year - 1

    def moment(self, day: date, hour: int = 10, minute: int = 0) -> datetime:
        """That time of that day, or now where it has not come yet."""
        return min(datetime.combine(day, time(hour, minute), self.now.tzinfo), self.now)

    def ago(self, back: int) -> date:
        return add_months(self.latest_closed, -back)

    def month_of(self, deed: Deed) -> date:
        if deed.month_of_frozen_year is not None:
            return date(self.frozen_year, deed.month_of_frozen_year, 1)
        assert deed.back is not None
        return self.ago(deed.back)
