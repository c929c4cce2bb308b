"""The gallery of components at /gallery/: every component in every state, in debug mode only.

What is shown is invented, and in Chinese as it stands: sample content, not text of the product.
"""

import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from lib.form_fields import DayField
from lib.states import STATES

TODAY = datetime.date(2026, 11, 22)
ZONE = datetime.timezone(datetime.timedelta(hours=8))
NAMES = "王建国、李秀英、张伟、刘洋、陈晓东、杨静、赵志强、黄敏、周海涛、吴桂芳、徐磊、孙丽华"


class SampleForm(forms.Form):
    """A declaration's line, with one field of every kind."""

    criterion = forms.ChoiceField(
        label="评分标准",
        choices=[("", "请选择"), ("XX-04", "XX-04 撰写学习心得并在支部交流（+1）")],
    )
    occurred_on = DayField(label="发生日期", help_text="须在本月之内。")
    times = forms.IntegerField(label="次数", initial=1)
    reason = forms.CharField(label="事由", help_text="写清何时、何事即可。", widget=forms.Textarea)
    decision = forms.ChoiceField(
        label="评审意见",
        widget=forms.RadioSelect,
        choices=[("a", "同意"), ("b", "调整分值"), ("c", "不同意")],
    )
    note = forms.CharField(label="备注", required=False)
    evidence = forms.FileField(
        label="佐证材料", required=False, help_text="照片、PDF 或 Word 文件，单个不超过 10 MB。"
    )
    is_true = forms.BooleanField(label="以上内容属实", help_text="提交后由支部评审。")


@login_not_required
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component with sample content."""
    if request.GET.get("messages"):
        messages.success(request, "申报表已提交，支部将于 11 月 30 日前评审。")
        messages.warning(request, "本条已超出每月限分，按 2 分计入。")
        messages.error(request, "该条刚由王建国评审完毕，您的意见未保存。")
    context = sample_context()
    context["user"].prefers_big_text = request.GET.get("text") == "big"
    return render(request, "gallery.html", context)


def sample_context() -> dict[str, Any]:
    wrong = SampleForm({"times": "两次", "decision": "a"})
    return {
        "today": TODAY,
        "demo": True,
        "user": SimpleNamespace(is_authenticated=True, pk=0, display_name="王建国"),
        "account_place": "办公室党支部 · 支部书记",
        "nav": navigation(),
        "tones": ["info", "ok", "warn", "bad", "quiet"],
        "states": [
            (word, value) for value in STATES if (word := STATE_WORDS.get(value)) is not None
        ],
        "month_steps": month_steps("current"),
        "late_steps": month_steps("late"),
        "dates": [TODAY + datetime.timedelta(days=days) for days in (33, 3, 1, 0, -2)],
        "points": [Decimal("3.00"), Decimal("2.50"), Decimal("-1.25"), Decimal(0), None],
        "months": months(),
        "rows": rows(),
        "names": NAMES.split("、"),
        "todos": todos(),
        "events": events(),
        "files": files(),
        "fact_pairs": [
            ("姓名", "王建国"),
            ("党支部", "办公室党支部"),
            ("党内职务", "支部书记"),
            ("转正日期", "2009年7月1日"),
        ],
        "conclude_pairs": [
            ("评审条目", "43 条，全部已有意见"),
            ("低于合格线", "1 人"),
        ],
        "tab_items": [
            {"label": "待评审", "url": "?", "is_current": True, "count": 12},
            {"label": "已评审", "url": "?", "count": 31},
            {"label": "未申报", "url": "?", "count": 3},
            {"label": "会议记录", "url": "?"},
        ],
        "page": Paginator(range(243), 20).page(4),
        "form": SampleForm(),
        "wrong_form": wrong,
    }


def navigation() -> list[dict[str, Any]]:
    groups = [
        (
            "",
            [
                ("首页", "house", 3),
                ("我的申报", "file-pen-line", 1),
                ("我的积分", "chart-column", 0),
            ],
        ),
        (
            "支部工作",
            [
                ("积分登记", "clipboard-list", 0),
                ("月度评审", "scale", 12),
                ("公示", "megaphone", 0),
                ("异议", "message-square-warning", 2),
            ],
        ),
        ("制度", [("支部细则", "book-open-text", 0), ("规则说明", "circle-question-mark", 0)]),
    ]
    return [
        {
            "label": label,
            "items": [
                {
                    "label": name,
                    "url": "#",
                    "icon": icon,
                    "badge": badge,
                    "is_current": name == "月度评审",
                }
                for name, icon, badge in items
            ],
        }
        for label, items in groups
    ]


def month_steps(now: str) -> list[dict[str, Any]]:
    def step(label: str, state: str, day: int, note: str = "") -> dict[str, Any]:
        return {"label": label, "state": state, "on": TODAY.replace(day=day), "note": note}

    return [
        step("登记", "done", 20, "已登记 46 条"),
        step("申报", "done", 25, "18 人中 16 人"),
        step("评审", now, 30, "已逾期 2 天" if now == "late" else "还有 8 天"),
        {"label": "公示核实", "state": "upcoming", "note": "3 个工作日"},
        {"label": "月结", "state": "upcoming"},
    ]


def months() -> list[dict[str, Any]]:
    scores = ["82", "85.5", "91", "68.5", "77", "88", "0", "-", "84.25", "90", "79", "?"]
    return [
        {
            "month": datetime.date(2025 + (month > 12), (month - 1) % 12 + 1, 1),
            "score": None if score in "-?" else Decimal(score),
            "pass_line": Decimal(70),
            "is_exempt": score == "-",
        }
        for month, score in enumerate(scores, start=12)
    ]


def rows() -> list[dict[str, Any]]:
    lines = [
        ("王建国", "学习心得在支部交流", "XX-04", "1.00", "APPROVED", "同意", ""),
        (
            "李秀英",
            "主持主题党日活动",
            "ZZ-06",
            "2.00",
            "ADJUSTED",
            "调整",
            "与他人共同主持，按 1 分计",
        ),
        ("张伟", "参加社区志愿服务两次", "ZY-01", "2.50", "UNDECIDED", "未评审", ""),
        (
            "刘洋",
            "无故不参加集中学习",
            "XX-01",
            "-3.00",
            "REJECTED",
            "不同意",
            "已提前请假，有请假条",
        ),
    ]
    keys = ("name", "text", "code", "points", "state", "word", "note")
    return [dict(zip(keys, line, strict=True)) for line in lines]


def todos() -> list[dict[str, Any]]:
    def item(title: str, note: str, days: int, icon: str, action: str) -> dict[str, Any]:
        due_on = TODAY + datetime.timedelta(days=days)
        return {
            "title": title,
            "note": note,
            "due_on": due_on,
            "icon": icon,
            "action": action,
            "url": "#",
        }

    return [
        item("与赵志强谈话并记录", "2026年10月积分低于合格分值", -2, "messages-square", "去记录"),
        item("填报 11 月申报表", "支部已为您登记 3 条", 3, "file-pen-line", "去填报"),
        item("评审 11 月申报", "还有 12 条未评审", 8, "scale", "去评审"),
    ]


def events() -> list[dict[str, Any]]:
    def at(day: int, hour: int, minute: int) -> datetime.datetime:
        return datetime.datetime(2026, 11, day, hour, minute, tzinfo=ZONE)

    return [
        {
            "at": at(20, 14, 3),
            "who": "王建国",
            "text": "异议成立，第 3 条改按 2 分计入",
            "icon": "message-square-reply",
            "tone": "ok",
            "note": "核对签到表后确认，本人全程参加了 10 月 18 日的主题党日。",
        },
        {
            "at": at(19, 9, 41),
            "who": "陈晓东",
            "text": "对“无故不参加主题党日”提出异议",
            "icon": "message-square-warning",
            "tone": "warn",
        },
        {"at": at(18, 17, 30), "who": "王建国", "text": "结束评审并公示", "icon": "megaphone"},
        {"on": TODAY.replace(day=1), "who": "系统", "text": "开启 11 月评审", "icon": "calendar"},
    ]


def files() -> list[dict[str, Any]]:
    picture = "/static/img/favicon.svg"
    return [
        {
            "name": "主题党日签到表.jpg",
            "url": "#",
            "size": 482_113,
            "thumbnail_url": picture,
            "note": "2026年11月8日上传",
        },
        {"name": "学习心得（定稿）.docx", "url": "#", "size": 28_400, "note": "2026年11月12日上传"},
    ]


STATE_WORDS = {
    "OPEN": "登记中",
    "REVIEWING": "评审中",
    "PUBLISHED": "公示中",
    "CLOSED": "已月结",
    "DRAFT": "草稿",
    "MISSING": "未申报",
    "SUBMITTED": "已提交",
    "LATE": "迟报",
    "RETURNED": "退回补正",
    "APPROVED": "同意",
    "ADJUSTED": "调整",
    "REJECTED": "不同意",
    "UNDECIDED": "未评审",
    "CONFIRMED": "已确认",
    "OBJECTED": "有异议",
    "KEPT": "维持原结果",
    "CORRECTED": "已更正",
    "RECORDED": "已记录",
    "RECTIFYING": "整改中",
    "WITHDRAWN": "已撤回",
    "OVERDUE": "已逾期",
    "PASSED": "合格",
    "BELOW": "低于合格线",
    "ZERO": "零分",
    "EXEMPT": "免评",
    "RUNNING": "运行中",
    "DONE": "完成",
    "FAILED": "失败",
}

urlpatterns = [path("", gallery, name="gallery")]
