"""The rule book that the demonstration's branches start from, as plain data.

Base 80, pass line 70, ceiling 100; plus points of a category are capped per month. A branch
may take other numbers, or the shorter starter set (see ``story``).
"""

from dataclasses import dataclass
from decimal import Decimal

from points.models import Category, Criterion

RegisteredBy = Criterion.RegisteredBy
AppliesTo = Criterion.AppliesTo

MEMBER, BRANCH, EITHER, COMMITTEE, SYSTEM = (
    RegisteredBy.MEMBER,
    RegisteredBy.BRANCH,
    RegisteredBy.EITHER,
    RegisteredBy.COMMITTEE,
    RegisteredBy.SYSTEM,
)

BASE = Decimal("80.00")
PASS_LINE = Decimal("70.00")
CEILING = Decimal("100.00")
CATEGORY_CAPS = {
    Category.STUDY: Decimal(3),
    Category.ORGANISATION: Decimal(2),
    Category.DUTIES: Decimal(3),
    Category.RIGHTS: Decimal(2),
    Category.WORK: Decimal(4),
    Category.DISCIPLINE: Decimal(0),
    Category.VOLUNTEERING: Decimal(6),
}
GOALS = (
    "以“四讲四有”为基准、以党章要求为遵循、以单位职能为依托、以支部党员为主体、以结果运用为动力，"
    "量化党员教育管理指标，引导党员自觉参与积分制管理，更好发挥先锋模范作用。"
)
PROCEDURE = (
    "一、动态登记。支部结合“三会一课”、主题党日等随时登记。\n"
    "二、个人申报。党员按月如实填报加减分项目和理由，需佐证的附佐证材料。\n"
    "三、每月评审。支委会逐项评审，本人回避；调整或不予认定的说明理由。\n"
    "四、公示核实。评审结果在支部公示，党员核实本人积分，有异议的在公示期内提出。\n"
    "五、月结运用。公示期满形成月度积分，低于合格分值的按规定谈话、约谈或处置。"
)


@dataclass(frozen=True, slots=True)
class Item:
    """One criterion; ``month`` and ``year`` are caps in points, None means no cap."""

    code: str
    category: str
    text: str
    points: Decimal
    who: str
    month: Decimal | None
    year: Decimal | None
    needs_evidence: bool = False
    applies_to: str = AppliesTo.EVERYONE
    zeroes_month: bool = False
    is_starter: bool = True
    is_strict: bool = False
    trigger: str = ""


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _items(category: str, who_for: str, lines: str) -> list[Item]:
    """Read the table below: code | points | month / year | who | marks | text.

    Marks: E evidence, Z zeroes the month, X left out of the starter set, S only where a branch
    takes off points for sheets that come late or not at all.
    """
    items = []
    for line in lines.strip().splitlines():
        code, points, caps, who, marks, text = (cell.strip() for cell in line.split("|"))
        month, _slash, year = caps.partition("/")
        items.append(
            Item(
                code=code,
                category=category,
                text=text,
                points=Decimal(points),
                who=_WHO[who],
                month=_number(month.strip()),
                year=_number(year.strip()),
                needs_evidence="E" in marks,
                applies_to=who_for,
                zeroes_month="Z" in marks,
                is_starter="X" not in marks,
                is_strict="S" in marks,
                trigger=_TRIGGERS.get(code, ""),
            )
        )
    return items


_WHO = {"D": MEMBER, "B": BRANCH, "DB": EITHER, "C": COMMITTEE, "S": SYSTEM}
# What the system notices by itself, by code.
_TRIGGERS = {
    "YW-08": Criterion.Trigger.LATE,
    "YW-09": Criterion.Trigger.MISSING,
    "SJ-02": Criterion.Trigger.REVIEW_LATE,
}

ITEMS: tuple[Item, ...] = (
    *_items(
        Category.STUDY,
        AppliesTo.EVERYONE,
        """
        XX-01 | -3 | 9/  | B  |   | 无故不参加集中学习、理论学习
        XX-02 | -1 | 3/  | B  |   | 学习迟到、早退（超过30分钟）
        XX-03 | -1 | 2/  | B  | X | 当月第三次起因私请假
        XX-04 | 1  | 1/6 | D  |   | 撰写学习心得并在支部交流
        XX-05 | 1  | 2/8 | DB |   | 专题发言、领学
        XX-06 | 2  | 2/6 | DB |   | 在支部讲党课、作辅导
        XX-07 | 3  | 3/6 | D  | E | 受邀外出宣讲、授课
        XX-08A| 3  | 3/8 | D  | EX| 党建理论文章、调研成果发表（省级）
        XX-08B| 2  | 3/8 | D  | EX| 党建理论文章、调研成果发表（市厅级）
        XX-09 | -3 | 3/3 | B  |   | 年度集中学习不足32学时（12月登记）
        """,
    ),
    *_items(
        Category.ORGANISATION,
        AppliesTo.EVERYONE,
        """
        ZZ-01 | -3 | 12/ | B  |   | 无故不参加三会一课、主题党日
        ZZ-02 | -5 |     | B  |   | 无故不参加组织生活会、民主评议
        ZZ-03 | -1 | 3/  | B  |   | 会议迟到、早退
        ZZ-04 | -2 | 4/  | B  |   | 组织生活会未撰写发言提纲或整改未销号
        ZZ-05 | -2 | 2/2 | B  | X | 年度未开展谈心谈话（12月登记）
        ZZ-06 | 1  | 2/6 | DB | X | 主持、承办主题党日或党小组会
        """,
    ),
    *_items(
        Category.DUTIES,
        AppliesTo.EVERYONE,
        """
        YW-01 | -2 | 4/  | B  |   | 未按月交纳党费经提醒仍未交
        YW-02 | -3 | 9/  | B  |   | 未完成党组织交办任务
        YW-03 | -10|     | B  |   | 拒不执行组织决定、推诿扯皮
        YW-04 | -3 | 3/12| B  |   | 公开承诺未兑现（按季）
        YW-05 | -2 | 2/  | B  | X | 未按规定转接组织关系、更新信息
        YW-06 | 1  | 1/12| B  |   | 兼任党小组长、支委等党内工作并履职
        YW-07 | 3  | 3/9 | D  | E | 参加急难险重任务、突击队
        YW-08 | -1 | 1/  | S  | S | 逾期提交个人申报表
        YW-09 | -2 | 2/  | S  | S | 未提交个人申报表
        """,
    ),
    *_items(
        Category.RIGHTS,
        AppliesTo.EVERYONE,
        """
        QY-02 | -2 | 4/  | B  |   | 无故不参加党内选举、表决、测评
        QY-03 | 1  | 2/6 | D  |   | 提出意见建议被支部采纳
        QY-04 | 2  | 2/4 | D  | EX| 建议被机关党委、厅党组采纳
        QY-05 | -5 |     | C  |   | 不按组织程序反映、散布不实信息
        QY-06 | -10|     | C  | X | 侵犯他人民主权利、打击报复
        """,
    ),
    *_items(
        Category.WORK,
        AppliesTo.EVERYONE,
        """
        YE-01 | -3 | 9/  | B  |   | 个人责任造成重点任务逾期
        YE-02A| -5 |     | B  |   | 工作失误被厅内通报批评
        YE-02B| -8 |     | B  |   | 工作失误被省级以上通报批评
        YE-03 | -3 | 9/  | B  |   | 有责投诉、信访
        YE-04A| 4  | 4/8 | D  | E | 获国家级个人表彰
        YE-04B| 2  | 4/8 | D  | E | 获省部级个人表彰
        YE-04C| 1  | 4/8 | D  | E | 获厅局级个人表彰
        YE-05A| 4  | 4/8 | D  | E | 工作获国家级领导批示肯定、经验推广
        YE-05B| 2  | 4/8 | D  | E | 工作获省级领导批示肯定、经验推广
        YE-05C| 1  | 4/8 | D  | E | 工作获厅级领导批示肯定、经验推广
        YE-06A| 2  | 2/4 | D  | EX| 人社业务技能练兵比武获奖（省级）
        YE-06B| 1  | 2/4 | D  | EX| 人社业务技能练兵比武获奖（厅级）
        YE-07A| 2  | 2/6 | D  | E | 信息、简报被国家级采用
        YE-07B| 1  | 2/6 | D  | E | 信息、简报被省级采用
        YE-07C| 0.5| 2/6 | D  |   | 信息、简报被厅级采用
        YE-08 | 2  | 2/24| B  | X | 驻村帮扶、援派、专班脱产履职
        """,
    ),
    *_items(
        Category.DISCIPLINE,
        AppliesTo.EVERYONE,
        """
        JL-01 | -1 | 4/  | B  |   | 违反考勤、脱岗
        JL-02 | -5 |     | B  |   | 违反工作、保密等制度（未达处分）
        JL-03 | -10|     | C  |   | 发表不当言论（未达处分）
        JL-04 | -10|     | C  |   | 违反中央八项规定精神、“四风”（未达处分）
        JL-05A| -5 |     | C  |   | 被谈话提醒、批评教育
        JL-05B| -10|     | C  |   | 被诫勉
        JL-06A| -5 |     | C  |   | 申报弄虚作假（首次）
        JL-06B| -10|     | C  |   | 申报弄虚作假（再次）
        JL-V1 | 0  |     | C  | Z | 受党纪处分或组织处理
        JL-V2 | 0  |     | C  | Z | 涉嫌违法犯罪被采取措施、被判刑
        JL-V3 | 0  |     | C  | Z | 参加邪教、黄赌毒、组织参与非法上访等
        """,
    ),
    *_items(
        Category.VOLUNTEERING,
        AppliesTo.EVERYONE,
        """
        ZY-01 | -2 | 4/  | B  |   | 无故不参加组织安排的志愿服务
        ZY-02 | 1  | 3/12| D  | E | 社区双报到、志愿服务（每次1小时以上）
        ZY-03 | 1  | 2/8 | D  |   | 结对帮扶、走访困难群众
        ZY-04 | 2  | 2/4 | D  | EX| 无偿献血
        ZY-05 | 5  | 6/10| D  | E | 见义勇为、抢险救人
        ZY-06 | 1  | 2/6 | D  | EX| 群众表扬信、锦旗
        ZY-07 | -3 | 6/  | B  | X | 推诿群众合理诉求查实
        """,
    ),
    *_items(
        Category.LEADERSHIP,
        AppliesTo.LEADING_CADRE,
        """
        LD-01 | -5 | 10/ | B  |   | 未以普通党员身份参加所在支部组织生活且未请假
        LD-02 | -5 | 5/5 | B  |   | 年度未在支部或联系点讲党课（12月登记）
        LD-03 | -3 | 3/12| C  |   | 一岗双责：季度未研究部署或未指导分管领域党建
        LD-04 | -3 | 3/  | C  |   | 分管（协管）单位有党员当月积分为0
        LD-05 | 1  | 1/4 | D  |   | 到联系点调研指导并解决问题
        LD-06 | -3 | 6/  | C  |   | 民主生活会整改事项逾期
        LD-07 | -5 |     | C  |   | 分管领域党建被通报批评
        """,
    ),
    *_items(
        Category.LEADERSHIP,
        AppliesTo.SECRETARY,
        """
        SJ-01A| -3 | 8/  | C  |   | 当月未召开支委会
        SJ-01B| -5 | 8/  | C  |   | 当季未召开党员大会
        SJ-02 | -3 | 3/  | S  |   | 未按月组织评审或未按期公示
        SJ-03 | -5 | 10/ | C  |   | 对低于合格分值党员未按期谈话
        SJ-04 | -3 | 3/  | C  |   | 支部有党员当月积分为0
        SJ-05 | -5 | 5/5 | C  |   | 年度未讲党课（12月登记）
        SJ-06 | -3 | 3/3 | C  |   | 年度培训不足56学时（12月登记）
        SJ-07 | -2 | 6/  | C  |   | 抽查发现登记错误未纠正
        SJ-08A| 2  | 2/8 | C  |   | 抓党建与抓业务统筹季度评价好
        SJ-08B| -3 | 3/  | C  |   | 党建与业务“两张皮”被指出
        SJ-09A| 4  | 4/4 | C  |   | 支部获省级“五好党支部”等表彰
        SJ-09B| 2  | 4/4 | C  |   | 支部获厅级“五好党支部”等表彰
        """,
    ),
)
