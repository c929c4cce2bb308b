"""Every address × every role × the own and another branch (domain.md §9): one table says who
gets what, and an address without a row fails.

The codes: ``in`` is sent to the sign-in page, 403 the page or step is not for this role, 404
it does not exist for them, 405 the page only takes a form, 409 and 422 a form that came back.
A refused role must never see 200 or a redirect.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from members.models import User
from tests.access_world import ROLES, Place, World, build_world

Args = Callable[[World, Place], list[Any]]


@pytest.fixture(scope="module")
def world(kept_rows):
    """Built once for the module; every request is rolled back, and all of it at the end."""
    return build_world()


@pytest.fixture(scope="module")
def sessions(world):
    """Every role signed in once: its session's cookie, by role."""
    return {role: session_of(user) for role, user in world.users.items() if user}


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def nothing(world: World, place: Place) -> list[Any]:
    return []


def of(*path: str) -> Args:
    """The ids found by following a path of names from a place: ``of("round.open.pk")``."""
    return lambda world, place: [follow(place, one) for one in path]


def follow(found: Any, path: str) -> Any:
    for name in path.split("."):
        found = found[name] if isinstance(found, dict) else getattr(found, name)
    return found


def this_month(world: World, place: Place) -> list[Any]:
    return [world.today.year, world.today.month]


def this_year(world: World, place: Place) -> list[Any]:
    return [world.today.year]


LINE = ("sheet.pk", "entry.pk")
REVIEWED = ("rounds.reviewing.pk", "reviewed_entry.pk")


def drafted(world: World, place: Place) -> list[Any]:
    """A draft and its first criterion."""
    return [place.rule_draft.pk, place.rule_draft.criteria.all()[0].pk]


ARGS: dict[str, Args] = {
    "registration": of("registration.pk"),
    "activity": of("activity.pk"),
    "attendance_sheet": of("activity.pk"),
    "month_rounds": this_month,
    "branch_analysis": of("branch.pk"),
    "round": of("rounds.open.pk"),
    "start_review": of("rounds.open.pk"),
    "review": of("rounds.reviewing.pk"),
    "approve_all": of("rounds.reviewing.pk"),
    "decide_entry": of(*REVIEWED),
    "return_sheet": of("rounds.reviewing.pk", "returned.pk"),
    "meeting": of("rounds.reviewing.pk"),
    "round_results": of("rounds.reviewing.pk"),
    "conclude": of("rounds.reviewing.pk"),
    "objection": of("objection.pk"),
    "post_to_objection": of("objection.pk"),
    "withdraw_objection": of("objection.pk"),
    "attachment": of("attachment.pk"),
    "appeal": of("appeal.pk"),
    "post_to_appeal": of("appeal.pk"),
    "withdraw_appeal": of("appeal.pk"),
    "new_appeal": lambda world, place: ["follow-up", place.talk.pk],
    "correct_round": of("rounds.published.pk"),
    "follow_up:talk": of("talk.pk"),
    "record_follow_up": of("talk.pk"),
    "answer_record": of("talk.pk"),
    "confirm_on_paper": of("talk.pk"),
    "let_record_stand": of("talk.pk"),
    "add_rectification_step": of("talk.pk"),
    "hand_in_rectification": of("talk.pk"),
    "check_rectification": of("talk.pk"),
    "close_follow_up": of("talk.pk"),
    "lift_follow_up": of("talk.pk"),
    "end_absent_follow_up": of("talk.pk"),
    "follow_up_form": of("talk.pk"),
    "follow_up_file": of("follow_up_file.pk"),
    "follow_up:interview": of("interview.pk"),
    "follow_up:disposition": of("disposition.pk"),
    "case_opinion": of("disposition.pk"),
    "case_filing": of("disposition.pk"),
    "case_decision": of("disposition.pk"),
    "disposition_form": of("disposition.pk"),
    "follow_up:report": of("explanation.pk"),
    "follow_up:life-meeting": of("led.pk"),
    "explanation:report": of("explanation.pk"),
    "explanation:led": of("led.pk"),
    "attach_explanation": of("led.pk"),
    "explanation_form": of("led.pk"),
    "judgement": of("led.pk"),
    "judgement:own": of("explanation.pk"),
    "accountability": of("led.pk"),
    "year_results": this_year,
    "result": of("result.month.year", "result.month.month"),
    "publish_waiting": of("rounds.reviewing.pk"),
    "reopen": of("rounds.published.pk"),
    "extend_publication": of("publication.pk"),
    "publication": of("publication.pk"),
    "publication_notice": of("publication.pk"),
    "confirm_result": of("publication.pk"),
    "object_to_result": of("publication.pk"),
    "year": this_year,
    "compute_year": this_year,
    "freeze_year": this_year,
    "confirm_year": this_year,
    "year_progress": this_year,
    "eligible_members": this_year,
    "year_workbook": this_year,
    "own_year_sheet": this_year,
    "year_sheets": this_year,
    "member_year_sheet": of("result.month.year", "subject.pk"),
    "declaration": this_month,
    "declaration_of": of("sheet.pk"),
    "add_line": of("sheet.pk"),
    "change_line": of(*LINE),
    "drop_line": of(*LINE),
    "attach_evidence": of(*LINE),
    "drop_evidence": of("sheet.pk", "evidence.pk"),
    "keep_typed": of("sheet.pk"),
    "submit_declaration": of("sheet.pk"),
    "take_back_declaration": of("sheet.pk"),
    "declaration_print": of("sheet.pk"),
    "copy_previous": of("sheet.pk"),
    "round_of_sheet": of("sheet.pk"),
    "evidence_thumbnail": of("evidence.pk"),
    "evidence": of("evidence.pk"),
    "rule_book": of("book.pk"),
    "rule_book:draft": of("rule_draft.pk"),
    "rule_book_diff": of("book.pk"),
    "rule_book_trial": of("rule_draft.pk"),
    "rule_book_approval": of("rule_draft.pk"),
    "read_rule_book": of("book.pk"),
    "offer_rule_book": of("book.pk"),
    "withdraw_offer": of("book.pk"),
    "start_draft": of("branch.pk"),
    "rule_book_edit": of("rule_draft.pk"),
    "rule_book_head": of("rule_draft.pk"),
    "add_criterion": of("rule_draft.pk"),
    "change_criterion": drafted,
    "move_criterion": drafted,
    "retire_criterion": drafted,
    "restore_criterion": of("rule_draft.pk"),
    "submit_rule_book": of("rule_draft.pk"),
    "take_back_rule_book": of("rule_draft.pk"),
    "discard_rule_book": of("rule_draft.pk"),
    "open_notice": of("notice.pk"),
    "roll_member": of("subject.pk"),
    "roll_particulars": of("subject.pk"),
    "roll_change:transfer": lambda world, place: [place.subject.pk, "transfer"],
    "roll_change:account": lambda world, place: [place.subject.pk, "close-account"],
    "exemption": of("exemption.pk"),
    "roll_preview": lambda world, place: [world.upload],
    "policy_version": lambda world, place: [place.branch.committee.policies.get().pk],
    "change_policy": lambda world, place: [place.branch.committee.policies.get().pk],
    "new_policy": of("branch.committee.pk"),
    "holiday_year": lambda world, place: [world.today.year + 2],
    "try_delivery_again": of("notice.pk"),
    "spot_check": of("spot_check.pk"),
    "spot_check_pool": of("spot_check.pk"),
    "repeat_spot_check": of("spot_check.pk"),
    "spot_check_protocol": of("spot_check.pk"),
    "spot_check_item:found": lambda world, place: [place.spot_check.pk, 1],
    "spot_check_item:waiting": lambda world, place: [place.spot_check.pk, 2],
    "assign_inspector": lambda world, place: [place.spot_check.pk, 2],
    "new_export:ledger": lambda world, place: ["ledger"],
    "new_export:roll": lambda world, place: ["roll"],
    "export": of("export.pk"),
    "export_file": of("export.pk"),
    "appraisals": this_year,
    "appraisals_print": this_year,
    "nominate": lambda world, place: [world.today.year, place.subject.pk],
    "withdraw_nomination": of("nomination.pk"),
    "opinion": of("opinion.pk"),
    "opinion_print": of("opinion.pk"),
    "opinion_file": of("opinion_file.pk"),
}

Data = Callable[[World, Place], dict[str, Any]]

DATA: dict[str, Data] = {
    "decide_entry": lambda w, p: {"outcome": "APPROVED", "seen": 0},
    "return_sheet": lambda w, p: {"reason": "请补充时间"},
    "meeting": lambda w, p: {
        "kind": "ASSEMBLY",
        "held_on": w.today.isoformat(),
        "chair": p.subject.pk,
    },
    "reopen": lambda w, p: {"reason": "漏记一项"},
    "extend_publication": lambda w, p: {
        "until": f"{p.publication.ends_on + timedelta(days=3)}",
        "reason": "部分党员出差在外",
    },
    "objection": lambda w, p: {"verdict": "KEEP", "text": "经核对无误", "confirmed": "1"},
    "post_to_objection": lambda w, p: {"text": "请补充"},
    "appeal": lambda w, p: {"verdict": "DISMISS", "text": "经复核无误", "confirmed": "1"},
    "post_to_appeal": lambda w, p: {"text": "请补充"},
    "new_appeal": lambda w, p: {"text": "请党委复核"},
    "correct_round": lambda w, p: {
        "member": p.subject.pk,
        "verdict": "CORRECT",
        "entry": p.published_entry.pk,
        "outcome": "REJECTED",
        "text": "材料不符",
        "confirmed": "1",
    },
    "follow_up:interview": lambda w, p: {"holder": "没有这个人"},
    "explanation:report": lambda w, p: explained(w),
    "explanation:led": lambda w, p: explained(w),
    "judgement": lambda w, p: {"outcome": "ACCEPTED"},
    "judgement:own": lambda w, p: {"outcome": "ACCEPTED"},
    "accountability": lambda w, p: {
        "decision": "诫勉谈话",
        "number": "机党〔2026〕9号",
        "decided_on": w.today.isoformat(),
    },
    "object_to_result": lambda w, p: {"text": "请核对"},
    "compute_year": lambda w, p: {"committee": p.branch.committee_id},
    "freeze_year": lambda w, p: {"committee": p.branch.committee_id, "seen": ""},
    "confirm_year": lambda w, p: {"branch": p.branch.pk, "seen": ""},
    "run_job": lambda w, p: {"job": "escalate", "key": f"{w.today} 0-0"},
    "registration": lambda w, p: {"reason": "登记有误"},
    "roll_particulars": lambda w, p: {"staff_no": p.subject.staff_no, "name": p.subject.name},
    "roll_new": lambda w, p: {"name": "李明"},
    "request_exemption": lambda w, p: {"reason": "驻村帮扶"},
    "roll_change:transfer": lambda w, p: {"note": "岗位调整"},
    "roll_change:account": lambda w, p: {"reason": "长期不用", "confirmed": "1"},
    "exemption": lambda w, p: {"step": "approve", "note": "情况属实"},
    "activity": lambda w, p: {"reason": "登记有误"},
    "draw_spot_check": lambda w, p: {
        "committee": p.branch.committee_id,
        "first_month": f"{p.rounds['closed'].month:%Y-%m}",
        "last_month": f"{p.rounds['closed'].month:%Y-%m}",
        "measure": "SIZE",
        "size": 1,
        "token": uuid4(),
    },
    "spot_check_item:found": lambda w, p: {"finding": "IN_ORDER"},
    "spot_check_item:waiting": lambda w, p: {"finding": "IN_ORDER"},
    "assign_inspector": lambda w, p: {"inspector": p.spot_check.drawn_by_id},
    "new_export:ledger": lambda w, p: {
        "first_month": f"{p.rounds['closed'].month:%Y-%m}",
        "last_month": f"{p.rounds['closed'].month:%Y-%m}",
    },
    "new_export:roll": lambda w, p: {"csrf": ""},
    "add_line": lambda w, p: line(p),
    "appraisals": lambda w, p: {"held_on": w.today.isoformat()},
    "nominate": lambda w, p: {"award": "EXCELLENT"},
    "withdraw_nomination": lambda w, p: {"reason": "本人申请"},
    "new_opinion": lambda w, p: {
        "member": p.subject.staff_no,
        "year": w.today.year,
        "kind": "AWARD",
        "title": "优秀共产党员",
        "text": "表现突出",
        "warned": f"{p.subject.staff_no} {w.today.year}",
    },
    "opinion": lambda w, p: {"step": "confirm"},
    "change_line": lambda w, p: line(p),
    "drop_line": lambda w, p: {"seen": p.sheet.revision + 1},
    "submit_declaration": lambda w, p: {"seen": p.sheet.revision + 1},
    "keep_typed": lambda w, p: {"reason": "正在填写"},
}


def explained(world: World) -> dict[str, Any]:
    return {"held_on": world.today.isoformat(), "place": "会议室", "said": "管理不严", "seen": 0}


def line(place: Place) -> dict[str, Any]:
    return {
        "criterion": place.criterion.pk,
        "occurred_on": place.sheet.month.isoformat(),
        "times": 1,
        "reason": "心得",
        "seen": place.sheet.revision + 1,
    }


# Which roles: the members, from the subject to the former secretary, belong to the own
# branch; the staff to the committee above it, the other staff to another branch's.
TABLE = """
address                             anon memb subj depu comm secr form staf othe lead admi
home                    GET  -      in   200  200  200  200  200  200  200  200  200  200
register                GET  -      in   403  403  200  200  200  403  200  200  403  403
register                POST -      in   403  403  422  422  422  403  200  200  403  403
rounds                  GET  -      in   403  403  200  200  200  403  302  302  403  403
month_rounds            GET  -      in   403  403  200  200  200  403  200  200  403  403
objections              GET  -      in   200  200  200  200  200  200  200  200  200  200
follow_ups              GET  -      in   200  200  200  200  200  200  200  200  200  200
my_year                 GET  -      in   302  302  302  302  302  302  403  403  302  403
year_results            GET  -      in   200  200  200  200  200  200  403  403  200  403
result                  GET  -      in   200  200  200  200  200  200  403  403  404  403
publications            GET  -      in   200  200  200  200  200  200  200  200  200  200
years                   GET  -      in   403  403  200  200  200  403  200  200  403  403
year                    GET  -      in   403  403  200  200  200  403  200  200  403  403
own_year_sheet          GET  -      in   200  200  200  200  200  200  403  403  200  403
year_sheets             GET  -      in   403  403  200  200  200  403  200  200  403  403
member_year_sheet       GET  own    in   403  403  200  200  200  403  200  404  403  403
member_year_sheet       GET  other  in   403  403  404  404  404  403  404  200  403  403
audit                   GET  -      in   403  403  403  403  403  403  200  200  403  200
year_workbook           POST -      in   403  403  302  302  302  403  200  200  403  403
year_workbook           GET  -      in   405  405  405  405  405  405  405  405  405  405
jobs                    GET  -      in   403  403  403  403  403  403  200  200  403  403
run_job                 POST -      in   403  403  403  403  403  403  302  302  403  403
run_job                 GET  -      in   405  405  405  405  405  405  405  405  405  405
declarations            GET  -      in   200  200  200  200  200  200  403  403  200  403
declaration             GET  -      in   200  200  200  200  200  200  403  403  404  403
rule_books              GET  -      in   200  200  200  200  200  200  200  200  200  200
about_rules             GET  -      in   200  200  200  200  200  200  200  200  200  200
sign_in                 GET  -      200  302  302  302  302  302  302  302  302  302  302
sign_out                POST -      in   in   in   in   in   in   in   in   in   in   in
change_password         GET  -      in   200  200  200  200  200  200  200  200  200  200
change_password         POST -      in   200  200  200  200  200  200  200  200  200  200
set_big_text            POST -      in   302  302  302  302  302  302  302  302  302  302
set_language            POST -      302  302  302  302  302  302  302  302  302  302  302
notices                 GET  -      in   200  200  200  200  200  200  200  200  200  200
read_notices            POST -      in   302  302  302  302  302  302  302  302  302  302
roll                    GET  -      in   403  403  403  403  403  403  200  200  403  200
roll_import             GET  -      in   403  403  403  403  403  403  200  200  403  200
roll_import             POST -      in   403  403  403  403  403  403  200  200  403  200
roll_preview            GET  -      in   403  403  403  403  403  403  200  302  403  302
roll_preview            POST -      in   403  403  403  403  403  403  200  302  403  302
registration            GET  own    in   403  403  200  200  200  403  200  404  403  403
registration            GET  other  in   403  403  404  404  404  403  404  200  403  403
registration            POST own    in   403  403  302  302  302  403  403  404  403  403
registration            POST other  in   403  403  404  404  404  403  404  403  403  403
activity                GET  own    in   403  403  200  200  200  403  200  404  403  403
activity                GET  other  in   403  403  404  404  404  403  404  200  403  403
activity                POST own    in   403  403  302  302  302  403  403  404  403  403
activity                POST other  in   403  403  404  404  404  403  404  403  403  403
attendance_sheet        GET  own    in   403  403  200  200  200  403  200  404  403  403
attendance_sheet        GET  other  in   403  403  404  404  404  403  404  200  403  403
round                   GET  own    in   403  403  200  200  200  403  200  404  403  403
round                   GET  other  in   403  403  404  404  404  403  404  200  403  403
start_review            POST own    in   403  403  403  403  302  403  403  404  403  403
start_review            POST other  in   403  403  404  404  404  403  404  403  403  403
review                  GET  own    in   403  403  200  200  200  403  200  404  403  403
review                  GET  other  in   403  403  404  404  404  403  404  200  403  403
approve_all             POST own    in   403  403  302  302  302  403  302  404  403  403
approve_all             POST other  in   403  403  404  404  404  403  404  302  403  403
decide_entry            GET  own    in   403  403  200  200  200  403  403  404  403  403
decide_entry            GET  other  in   403  403  404  404  404  403  404  403  403  403
decide_entry            POST own    in   403  403  302  302  302  403  403  404  403  403
decide_entry            POST other  in   403  403  404  404  404  403  404  403  403  403
return_sheet            GET  own    in   403  403  200  200  200  403  403  404  403  403
return_sheet            GET  other  in   403  403  404  404  404  403  404  403  403  403
return_sheet            POST own    in   403  403  302  302  302  403  403  404  403  403
return_sheet            POST other  in   403  403  404  404  404  403  404  403  403  403
meeting                 GET  own    in   403  403  200  200  200  403  200  404  403  403
meeting                 GET  other  in   403  403  404  404  404  403  404  200  403  403
meeting                 POST own    in   403  403  302  302  302  403  403  404  403  403
meeting                 POST other  in   403  403  404  404  404  403  404  403  403  403
round_results           GET  own    in   403  403  200  200  200  403  200  404  403  403
round_results           GET  other  in   403  403  404  404  404  403  404  200  403  403
conclude                GET  own    in   403  403  403  403  200  403  403  404  403  403
conclude                GET  other  in   403  403  404  404  404  403  404  403  403  403
publish_waiting         POST own    in   403  403  403  403  302  403  403  404  403  403
publish_waiting         POST other  in   403  403  404  404  404  403  404  403  403  403
reopen                  GET  own    in   403  403  403  403  200  403  403  404  403  403
reopen                  GET  other  in   403  403  404  404  404  403  404  403  403  403
reopen                  POST own    in   403  403  403  403  302  403  403  404  403  403
reopen                  POST other  in   403  403  404  404  404  403  404  403  403  403
extend_publication      GET  own    in   403  403  403  403  200  403  403  404  403  403
extend_publication      GET  other  in   403  403  404  404  404  403  404  403  403  403
extend_publication      POST own    in   403  403  403  403  302  403  403  404  403  403
extend_publication      POST other  in   403  403  404  404  404  403  404  403  403  403
conclude                POST own    in   403  403  403  403  302  403  403  404  403  403
conclude                POST other  in   403  403  404  404  404  403  404  403  403  403
objection               GET  own    in   404  200  200  200  200  404  200  404  404  404
objection               GET  other  in   404  404  404  404  404  404  404  200  404  404
objection               POST own    in   404  403  403  403  302  404  403  404  404  404
objection               POST other  in   404  404  404  404  404  404  404  403  404  404
attachment              GET  own    in   404  200  200  200  200  404  200  404  404  404
attachment              GET  other  in   404  404  404  404  404  404  404  200  404  404
post_to_objection       POST own    in   404  302  403  403  302  404  403  404  404  404
post_to_objection       POST other  in   404  404  404  404  404  404  404  403  404  404
withdraw_objection      POST own    in   404  302  403  403  403  404  403  404  404  404
withdraw_objection      POST other  in   404  404  404  404  404  404  404  403  404  404
appeals                 GET  -      in   200  200  200  200  200  200  200  200  200  200
appeal                  GET  own    in   404  200  200  200  200  404  200  404  404  404
appeal                  GET  other  in   404  404  404  404  404  404  404  200  404  404
appeal                  POST own    in   404  403  403  403  403  404  302  404  404  404
appeal                  POST other  in   404  404  404  404  404  404  404  302  404  404
post_to_appeal          POST own    in   404  302  403  403  403  404  302  404  404  404
post_to_appeal          POST other  in   404  404  404  404  404  404  404  302  404  404
withdraw_appeal         POST own    in   404  302  403  403  403  404  403  404  404  404
withdraw_appeal         POST other  in   404  404  404  404  404  404  404  403  404  404
new_appeal              GET  own    in   404  200  404  404  404  404  403  403  404  403
new_appeal              GET  other  in   404  404  404  404  404  404  403  403  404  403
new_appeal              POST own    in   404  302  404  404  404  404  403  403  404  403
new_appeal              POST other  in   404  404  404  404  404  404  403  403  404  403
correct_round           GET  own    in   403  403  200  200  200  403  200  404  403  403
correct_round           GET  other  in   403  403  404  404  404  403  404  200  403  403
correct_round           POST own    in   403  403  302  302  302  403  403  404  403  403
correct_round           POST other  in   403  403  404  404  404  403  404  403  403  403
follow_up:talk          GET  own    in   404  200  404  404  200  404  200  404  404  404
follow_up:talk          GET  other  in   404  404  404  404  404  404  404  200  404  404
follow_up:interview     GET  own    in   404  200  404  404  404  404  200  404  404  404
follow_up:interview     GET  other  in   404  404  404  404  404  404  404  200  404  404
follow_up:interview     POST own    in   404  403  404  404  404  404  200  404  404  404
follow_up:interview     POST other  in   404  404  404  404  404  404  404  200  404  404
follow_up:disposition   GET  own    in   404  200  200  200  200  404  200  404  404  404
follow_up:disposition   GET  other  in   404  404  404  404  404  404  404  200  404  404
case_opinion            GET  own    in   404  403  403  403  200  404  403  404  404  404
case_opinion            GET  other  in   404  404  404  404  404  404  404  403  404  404
case_opinion            POST own    in   404  403  403  403  422  404  403  404  404  404
case_opinion            POST other  in   404  404  404  404  404  404  404  403  404  404
case_filing             GET  own    in   404  403  403  403  302  404  403  404  404  404
case_filing             GET  other  in   404  404  404  404  404  404  404  403  404  404
case_filing             POST own    in   404  403  403  403  422  404  403  404  404  404
case_filing             POST other  in   404  404  404  404  404  404  404  403  404  404
case_decision           GET  own    in   404  403  403  403  403  404  302  404  404  404
case_decision           GET  other  in   404  404  404  404  404  404  404  302  404  404
case_decision           POST own    in   404  403  403  403  403  404  422  404  404  404
case_decision           POST other  in   404  404  404  404  404  404  404  422  404  404
disposition_form        GET  own    in   404  200  200  200  200  404  200  404  404  404
disposition_form        GET  other  in   404  404  404  404  404  404  404  200  404  404
follow_up:report        GET  own    in   404  404  404  404  200  404  200  404  404  404
follow_up:report        GET  other  in   404  404  404  404  404  404  404  200  404  404
follow_up:life-meeting  GET  own    in   404  404  404  404  404  404  200  404  200  404
follow_up:life-meeting  GET  other  in   404  404  404  404  404  404  404  200  404  404
explanation:report      GET  own    in   404  404  404  404  302  404  302  404  404  404
explanation:report      GET  other  in   404  404  404  404  404  404  404  302  404  404
explanation:report      POST own    in   404  404  404  404  409  404  409  404  404  404
explanation:report      POST other  in   404  404  404  404  404  404  404  409  404  404
explanation:led         GET  own    in   404  404  404  404  404  404  302  404  302  404
explanation:led         GET  other  in   404  404  404  404  404  404  404  302  404  404
explanation:led         POST own    in   404  404  404  404  404  404  409  404  409  404
explanation:led         POST other  in   404  404  404  404  404  404  404  409  404  404
attach_explanation      POST own    in   404  404  404  404  404  404  302  404  302  404
attach_explanation      POST other  in   404  404  404  404  404  404  404  302  404  404
explanation_form        GET  own    in   404  404  404  404  404  404  200  404  200  404
explanation_form        GET  other  in   404  404  404  404  404  404  404  200  404  404
judgement               GET  own    in   404  404  404  404  404  404  302  404  403  404
judgement               GET  other  in   404  404  404  404  404  404  404  302  404  404
judgement               POST own    in   404  404  404  404  404  404  409  404  403  404
judgement               POST other  in   404  404  404  404  404  404  404  409  404  404
judgement:own           POST own    in   404  404  404  404  403  404  409  404  404  404
judgement:own           POST other  in   404  404  404  404  404  404  404  409  404  404
accountability          GET  own    in   404  404  404  404  404  404  302  404  403  404
accountability          GET  other  in   404  404  404  404  404  404  404  302  404  404
accountability          POST own    in   404  404  404  404  404  404  409  404  403  404
accountability          POST other  in   404  404  404  404  404  404  404  409  404  404
publication             GET  own    in   200  200  200  200  200  200  200  404  404  404
publication             GET  other  in   404  404  404  404  404  404  404  200  404  404
publication_notice      GET  own    in   200  200  200  200  200  200  200  404  404  404
publication_notice      GET  other  in   404  404  404  404  404  404  404  200  404  404
confirm_result          POST own    in   302  302  302  302  302  302  403  403  404  403
confirm_result          POST other  in   404  404  404  404  404  404  403  403  404  403
object_to_result        POST own    in   302  302  302  302  302  302  403  403  404  403
object_to_result        POST other  in   404  404  404  404  404  404  403  403  404  403
compute_year            POST own    in   403  403  403  403  403  403  302  403  403  403
compute_year            POST other  in   403  403  403  403  403  403  403  302  403  403
freeze_year             POST own    in   403  403  403  403  403  403  302  403  403  403
freeze_year             POST other  in   403  403  403  403  403  403  403  302  403  403
confirm_year            POST own    in   403  403  404  404  404  403  403  404  403  403
confirm_year            POST other  in   403  403  404  404  404  403  404  403  403  403
year_progress           GET  -      in   403  403  403  403  403  403  404  404  403  403
eligible_members        GET  -      in   403  403  200  200  200  403  200  200  403  403
declaration_of          GET  own    in   404  302  200  200  200  404  200  404  404  404
declaration_of          GET  other  in   404  404  404  404  404  404  404  200  404  404
add_line                POST own    in   404  302  302  302  302  404  403  404  404  404
add_line                POST other  in   404  404  404  404  404  404  404  403  404  404
change_line             GET  own    in   404  302  302  302  302  404  302  404  404  404
change_line             GET  other  in   404  404  404  404  404  404  404  302  404  404
change_line             POST own    in   404  302  302  302  302  404  403  404  404  404
change_line             POST other  in   404  404  404  404  404  404  404  403  404  404
drop_line               POST own    in   404  302  302  302  302  404  403  404  404  404
drop_line               POST other  in   404  404  404  404  404  404  404  403  404  404
attach_evidence         POST own    in   404  302  302  302  302  404  403  404  404  404
attach_evidence         POST other  in   404  404  404  404  404  404  404  403  404  404
drop_evidence           POST own    in   404  302  302  302  302  404  403  404  404  404
drop_evidence           POST other  in   404  404  404  404  404  404  404  403  404  404
keep_typed              POST own    in   404  200  200  200  200  404  403  404  404  404
keep_typed              POST other  in   404  404  404  404  404  404  404  403  404  404
submit_declaration      POST own    in   404  302  302  302  302  404  403  404  404  404
submit_declaration      POST other  in   404  404  404  404  404  404  404  403  404  404
take_back_declaration   POST own    in   404  302  403  403  403  404  403  404  404  404
take_back_declaration   POST other  in   404  404  404  404  404  404  404  403  404  404
declaration_print       GET  own    in   404  200  200  200  200  404  200  404  404  404
declaration_print       GET  other  in   404  404  404  404  404  404  404  200  404  404
copy_previous           POST own    in   404  302  302  302  302  404  403  404  404  404
copy_previous           POST other  in   404  404  404  404  404  404  404  403  404  404
round_of_sheet          GET  own    in   403  403  302  302  302  403  302  404  403  403
round_of_sheet          GET  other  in   403  403  404  404  404  403  404  302  403  403
evidence_thumbnail      GET  own    in   404  200  200  200  200  404  200  404  404  404
evidence_thumbnail      GET  other  in   404  404  404  404  404  404  404  200  404  404
evidence                GET  own    in   404  200  200  200  200  404  200  404  404  404
evidence                GET  other  in   404  404  404  404  404  404  404  200  404  404
rule_book               GET  own    in   200  200  200  200  200  200  200  404  200  404
rule_book               GET  other  in   404  404  404  404  404  404  404  200  404  404
rule_book:draft         GET  own    in   404  404  200  200  200  404  200  404  404  404
rule_book:draft         GET  other  in   404  404  404  404  404  404  404  200  404  404
rule_book_diff          GET  own    in   200  200  200  200  200  200  200  404  200  404
rule_book_diff          GET  other  in   404  404  404  404  404  404  404  200  404  404
rule_book_trial         GET  own    in   404  404  200  200  200  404  200  404  404  404
rule_book_trial         GET  other  in   404  404  404  404  404  404  404  200  404  404
rule_book_approval      GET  own    in   404  404  403  403  403  404  302  404  404  404
rule_book_approval      GET  other  in   404  404  404  404  404  404  404  302  404  404
rule_book_approval      POST own    in   404  404  403  403  403  404  302  404  404  404
rule_book_approval      POST other  in   404  404  404  404  404  404  404  302  404  404
read_rule_book          POST own    in   302  302  302  302  302  302  403  404  403  404
read_rule_book          POST other  in   404  404  404  404  404  404  404  403  404  404
offer_rule_book         POST own    in   403  403  403  403  403  403  302  404  403  404
offer_rule_book         POST other  in   404  404  404  404  404  404  404  302  404  404
withdraw_offer          POST own    in   403  403  403  403  403  403  403  404  403  404
withdraw_offer          POST other  in   404  404  404  404  404  404  404  403  404  404
start_draft             GET  own    in   403  403  403  403  302  403  403  404  404  404
start_draft             GET  other  in   404  404  404  404  404  404  404  403  404  404
start_draft             POST own    in   403  403  403  403  302  403  403  404  404  404
start_draft             POST other  in   404  404  404  404  404  404  404  403  404  404
rule_book_edit          GET  own    in   404  404  403  403  200  404  403  404  404  404
rule_book_edit          GET  other  in   404  404  404  404  404  404  404  403  404  404
rule_book_head          GET  own    in   404  404  403  403  200  404  403  404  404  404
rule_book_head          GET  other  in   404  404  404  404  404  404  404  403  404  404
rule_book_head          POST own    in   404  404  403  403  422  404  403  404  404  404
rule_book_head          POST other  in   404  404  404  404  404  404  404  403  404  404
add_criterion           GET  own    in   404  404  403  403  200  404  403  404  404  404
add_criterion           GET  other  in   404  404  404  404  404  404  404  403  404  404
add_criterion           POST own    in   404  404  403  403  422  404  403  404  404  404
add_criterion           POST other  in   404  404  404  404  404  404  404  403  404  404
change_criterion        GET  own    in   404  404  403  403  200  404  403  404  404  404
change_criterion        GET  other  in   404  404  404  404  404  404  404  403  404  404
change_criterion        POST own    in   404  404  403  403  422  404  403  404  404  404
change_criterion        POST other  in   404  404  404  404  404  404  404  403  404  404
move_criterion          POST own    in   404  404  403  403  302  404  403  404  404  404
move_criterion          POST other  in   404  404  404  404  404  404  404  403  404  404
retire_criterion        POST own    in   404  404  403  403  302  404  403  404  404  404
retire_criterion        POST other  in   404  404  404  404  404  404  404  403  404  404
restore_criterion       POST own    in   404  404  403  403  302  404  403  404  404  404
restore_criterion       POST other  in   404  404  404  404  404  404  404  403  404  404
submit_rule_book        GET  own    in   404  404  403  403  200  404  403  404  404  404
submit_rule_book        GET  other  in   404  404  404  404  404  404  404  403  404  404
submit_rule_book        POST own    in   404  404  403  403  302  404  403  404  404  404
submit_rule_book        POST other  in   404  404  404  404  404  404  404  403  404  404
take_back_rule_book     POST own    in   404  404  403  403  302  404  403  404  404  404
take_back_rule_book     POST other  in   404  404  404  404  404  404  404  403  404  404
discard_rule_book       POST own    in   404  404  403  403  302  404  403  404  404  404
discard_rule_book       POST other  in   404  404  404  404  404  404  404  403  404  404
open_notice             POST own    in   404  302  404  404  404  404  404  404  404  404
open_notice             POST other  in   404  404  404  404  404  404  404  404  404  404
roll_new                GET  -      in   403  403  403  403  403  403  200  200  403  200
roll_new                POST -      in   403  403  403  403  403  403  422  422  403  422
roll_passwords          GET  -      in   403  403  403  403  403  403  200  200  403  200
roll_passwords          POST -      in   403  403  403  403  403  403  302  302  403  302
roll_particulars        GET  own    in   403  403  403  403  403  403  200  404  403  200
roll_particulars        GET  other  in   403  403  403  403  403  403  404  200  403  200
roll_particulars        POST own    in   403  403  403  403  403  403  302  404  403  302
roll_particulars        POST other  in   403  403  403  403  403  403  404  302  403  302
roll_change:transfer    GET  own    in   403  403  403  403  403  403  200  404  403  200
roll_change:transfer    GET  other  in   403  403  403  403  403  403  404  200  403  200
roll_change:transfer    POST own    in   403  403  403  403  403  403  422  404  403  422
roll_change:transfer    POST other  in   403  403  403  403  403  403  404  422  403  422
roll_change:account     POST own    in   403  403  403  403  403  403  302  404  403  302
roll_change:account     POST other  in   403  403  403  403  403  403  404  302  403  302
exemptions              GET  -      in   403  403  200  200  200  403  200  200  403  403
request_exemption       GET  -      in   403  403  200  200  200  403  200  200  403  403
request_exemption       POST -      in   403  403  422  422  422  403  422  422  403  403
exemption               GET  own    in   403  403  200  200  200  403  200  404  403  403
exemption               GET  other  in   403  403  404  404  404  403  404  200  403  403
exemption               POST own    in   403  403  403  403  403  403  302  404  403  403
exemption               POST other  in   403  403  404  404  404  403  404  302  403  403
roll_member             GET  own    in   403  403  403  403  403  403  200  404  403  200
roll_member             GET  other  in   403  403  403  403  403  403  404  200  403  200
analysis                GET  -      in   403  403  302  302  302  403  200  200  403  403
branch_analysis         GET  own    in   403  403  200  200  200  403  200  404  403  403
branch_analysis         GET  other  in   403  403  404  404  404  403  404  200  403  403
progress                GET  -      in   403  403  403  403  403  403  200  200  403  403
remind_late             POST -      in   403  403  403  403  403  403  302  302  403  403
policy                  GET  -      in   403  403  403  403  403  403  200  200  403  403
policy_version          GET  own    in   403  403  403  403  403  403  200  404  403  403
policy_version          GET  other  in   403  403  403  403  403  403  404  200  403  403
change_policy           GET  own    in   403  403  403  403  403  403  200  404  403  403
change_policy           GET  other  in   403  403  403  403  403  403  404  200  403  403
change_policy           POST own    in   403  403  403  403  403  403  422  404  403  403
change_policy           POST other  in   403  403  403  403  403  403  404  422  403  403
new_policy              GET  own    in   403  403  403  403  403  403  200  404  403  403
new_policy              GET  other  in   403  403  403  403  403  403  404  200  403  403
new_policy              POST own    in   403  403  403  403  403  403  422  404  403  403
new_policy              POST other  in   403  403  403  403  403  403  404  422  403  403
holidays                GET  -      in   200  200  200  200  200  200  200  200  200  200
holiday_year            GET  -      in   403  403  403  403  403  403  200  200  403  200
holiday_year            POST -      in   403  403  403  403  403  403  422  422  403  422
deliveries              GET  -      in   403  403  403  403  403  403  200  200  403  200
try_delivery_again      POST own    in   403  403  403  403  403  403  302  404  403  302
try_delivery_again      POST other  in   403  403  403  403  403  403  404  302  403  302
spot_checks             GET  -      in   403  403  403  403  403  403  200  200  403  403
draw_spot_check         GET  -      in   403  403  403  403  403  403  200  200  403  403
draw_spot_check         POST own    in   403  403  403  403  403  403  302  422  403  403
draw_spot_check         POST other  in   403  403  403  403  403  403  422  302  403  403
spot_check              GET  own    in   403  403  403  403  403  403  200  404  403  403
spot_check              GET  other  in   403  403  403  403  403  403  404  200  403  403
spot_check_pool         GET  own    in   403  403  403  403  403  403  200  404  403  403
spot_check_pool         GET  other  in   403  403  403  403  403  403  404  200  403  403
repeat_spot_check       GET  own    in   403  403  403  403  403  403  200  404  403  403
repeat_spot_check       GET  other  in   403  403  403  403  403  403  404  200  403  403
spot_check_protocol     GET  own    in   403  403  403  403  403  403  200  404  403  403
spot_check_protocol     GET  other  in   403  403  403  403  403  403  404  200  403  403
spot_check_item:found   GET  own    in   404  200  404  404  404  404  200  404  404  404
spot_check_item:found   GET  other  in   404  404  404  404  404  404  404  200  404  404
spot_check_item:found   POST own    in   404  403  404  404  404  404  422  404  404  404
spot_check_item:waiting GET  own    in   404  404  404  404  404  404  200  404  404  404
spot_check_item:waiting GET  other  in   404  404  404  404  404  404  404  200  404  404
spot_check_item:waiting POST own    in   404  404  404  404  404  404  302  404  404  404
spot_check_item:waiting POST other  in   404  404  404  404  404  404  404  302  404  404
assign_inspector        POST own    in   403  403  403  403  403  403  302  404  403  403
assign_inspector        POST other  in   403  403  403  403  403  403  404  302  403  403
exports                 GET  -      in   403  403  200  200  200  403  200  200  403  403
new_export:ledger       GET  -      in   403  403  200  200  200  403  200  200  403  403
new_export:ledger       POST -      in   403  403  302  302  302  403  302  302  403  403
new_export:roll         GET  -      in   403  403  403  403  403  403  200  200  403  403
new_export:roll         POST -      in   403  403  403  403  403  403  302  302  403  403
export                  GET  own    in   403  403  404  404  404  403  200  404  403  403
export                  GET  other  in   403  403  404  404  404  403  404  200  403  403
export_file             GET  own    in   403  403  404  404  404  403  200  404  403  403
export_file             GET  other  in   403  403  404  404  404  403  404  200  403  403
record_follow_up         GET  own    in   404  403  404  404  200  404  403  404  404  404
record_follow_up         GET  other  in   404  404  404  404  404  404  404  403  404  404
record_follow_up         POST own    in   404  403  404  404  422  404  403  404  404  404
record_follow_up         POST other  in   404  404  404  404  404  404  404  403  404  404
answer_record            GET  own    in   404  302  404  404  403  404  403  404  404  404
answer_record            GET  other  in   404  404  404  404  404  404  404  403  404  404
answer_record            POST own    in   404  422  404  404  403  404  403  404  404  404
answer_record            POST other  in   404  404  404  404  404  404  404  403  404  404
confirm_on_paper         GET  own    in   404  403  404  404  302  404  403  404  404  404
confirm_on_paper         GET  other  in   404  404  404  404  404  404  404  403  404  404
confirm_on_paper         POST own    in   404  403  404  404  422  404  403  404  404  404
confirm_on_paper         POST other  in   404  404  404  404  404  404  404  403  404  404
let_record_stand         GET  own    in   404  403  404  404  403  404  302  404  404  404
let_record_stand         GET  other  in   404  404  404  404  404  404  404  302  404  404
let_record_stand         POST own    in   404  403  404  404  403  404  422  404  404  404
let_record_stand         POST other  in   404  404  404  404  404  404  404  422  404  404
add_rectification_step   GET  own    in   404  302  404  404  302  404  302  404  404  404
add_rectification_step   GET  other  in   404  404  404  404  404  404  404  302  404  404
add_rectification_step   POST own    in   404  422  404  404  422  404  422  404  404  404
add_rectification_step   POST other  in   404  404  404  404  404  404  404  422  404  404
hand_in_rectification    POST own    in   404  302  404  404  302  404  302  404  404  404
hand_in_rectification    POST other  in   404  404  404  404  404  404  404  302  404  404
check_rectification      GET  own    in   404  403  404  404  302  404  302  404  404  404
check_rectification      GET  other  in   404  404  404  404  404  404  404  302  404  404
check_rectification      POST own    in   404  403  404  404  422  404  422  404  404  404
check_rectification      POST other  in   404  404  404  404  404  404  404  422  404  404
close_follow_up          GET  own    in   404  403  404  404  302  404  302  404  404  404
close_follow_up          GET  other  in   404  404  404  404  404  404  404  302  404  404
close_follow_up          POST own    in   404  403  404  404  422  404  422  404  404  404
close_follow_up          POST other  in   404  404  404  404  404  404  404  422  404  404
lift_follow_up           GET  own    in   404  403  404  404  403  404  403  404  404  404
lift_follow_up           GET  other  in   404  404  404  404  404  404  404  403  404  404
lift_follow_up           POST own    in   404  403  404  404  403  404  403  404  404  404
lift_follow_up           POST other  in   404  404  404  404  404  404  404  403  404  404
end_absent_follow_up     GET  own    in   404  403  404  404  403  404  403  404  404  404
end_absent_follow_up     GET  other  in   404  404  404  404  404  404  404  403  404  404
end_absent_follow_up     POST own    in   404  403  404  404  403  404  403  404  404  404
end_absent_follow_up     POST other  in   404  404  404  404  404  404  404  403  404  404
follow_up_form           GET  own    in   404  200  404  404  200  404  200  404  404  404
follow_up_form           GET  other  in   404  404  404  404  404  404  404  200  404  404
follow_up_file           GET  own    in   404  200  404  404  200  404  200  404  404  404
follow_up_file           GET  other  in   404  404  404  404  404  404  404  200  404  404
appraisals              GET  -      in   403  403  200  200  200  403  200  200  403  403
appraisals              POST -      in   403  403  409  409  409  403  403  403  403  403
appraisals_print        GET  -      in   403  403  200  200  200  403  200  200  403  403
nominate                GET  own    in   403  403  403  403  200  403  403  404  403  403
nominate                GET  other  in   403  403  404  404  404  403  404  403  403  403
nominate                POST own    in   403  403  403  403  409  403  403  404  403  403
nominate                POST other  in   403  403  404  404  404  403  404  403  403  403
withdraw_nomination     GET  own    in   403  403  403  403  200  403  403  404  403  403
withdraw_nomination     GET  other  in   403  403  404  404  404  403  404  403  403  403
withdraw_nomination     POST own    in   403  403  403  403  302  403  403  404  403  403
withdraw_nomination     POST other  in   403  403  404  404  404  403  404  403  403  403
opinions                GET  -      in   200  200  200  200  200  200  200  200  200  403
new_opinion             GET  -      in   403  403  403  403  200  403  200  200  403  403
new_opinion             POST own    in   403  403  403  403  302  403  302  422  403  403
new_opinion             POST other  in   403  403  403  403  422  403  422  302  403  403
opinion                 GET  own    in   404  200  200  200  200  404  200  404  404  403
opinion                 GET  other  in   404  404  404  404  404  404  404  200  404  403
opinion                 POST own    in   404  302  403  403  403  404  403  404  404  403
opinion                 POST other  in   404  404  404  404  404  404  404  403  404  403
opinion_print           GET  own    in   404  200  200  200  200  404  200  404  404  403
opinion_print           GET  other  in   404  404  404  404  404  404  404  200  404  403
opinion_file            GET  own    in   404  200  200  200  200  404  200  404  404  403
opinion_file            GET  other  in   404  404  404  404  404  404  404  200  404  403
"""

SIGN_IN = "/sign-in/"


def rows() -> dict[tuple[str, str, str], dict[str, str]]:
    lines = [line.split() for line in TABLE.splitlines() if line.strip()][1:]
    return {
        (name, method, place): dict(zip(ROLES, codes, strict=True))
        for name, method, place, *codes in lines
    }


def client_of(session: str) -> Client:
    client = Client(raise_request_exception=False)
    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    return client


def address(world: World, name: str, place: str) -> str:
    where = getattr(world, "own" if place == "-" else place)
    return reverse(name.split(":")[0], args=ARGS.get(name, nothing)(world, where))


def ask(world: World, session: str, name: str, method: str, place: str) -> Any:
    """One request by whose session it is, none for a visitor; what it changes is rolled back."""
    where = getattr(world, "own" if place == "-" else place)
    url = address(world, name, place)
    client = client_of(session)
    with transaction.atomic():
        data = DATA.get(name, lambda w, p: {})(world, where) if method == "POST" else {}
        response = client.post(url, data) if method == "POST" else client.get(url)
        transaction.set_rollback(True)
    return response


def code(response: Any) -> str:
    if response.status_code == 302 and response["Location"].startswith(SIGN_IN):
        return "in"
    return str(response.status_code)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method", "place"), rows())
def test_who_gets_what(world, sessions, name, method, place):
    expected = rows()[name, method, place]

    answers = {role: ask(world, sessions.get(role, ""), name, method, place) for role in ROLES}

    where = {role: answer.get("Location") for role, answer in answers.items()}
    assert {role: code(answer) for role, answer in answers.items()} == expected, where
    for role, answer in answers.items():
        assert not leaks(world, role, answer), f"{role} reads of the other branch"


def leaks(world: World, role: str, answer: Any) -> bool:
    """Whether a page names a member of the branch that is none of this role's business."""
    if role == "administrator" or getattr(answer, "streaming", False):
        return False
    foreign = world.own if role == "other_staff" else world.other
    return foreign.subject.name in answer.content.decode(errors="ignore")


def addresses(resolver: URLResolver, prefix: str = "") -> list[str]:
    found: list[str] = []
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            found.append(prefix + (pattern.name or str(pattern.pattern)))
        elif pattern.namespace != "admin":
            found += addresses(pattern, prefix)
    return found


def test_every_address_has_a_row():
    assert set(addresses(get_resolver())) == {name.split(":")[0] for name, _, _ in rows()}


def admin_addresses() -> list[str]:
    patterns = next(
        p for p in get_resolver().url_patterns if getattr(p, "namespace", "") == "admin"
    )
    return ["/admin/" + re.sub(r"<[^>]+>", "1", path) for path in flat(patterns)]


def flat(resolver: URLResolver, prefix: str = "") -> list[str]:
    found: list[str] = []
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        found += [path] if isinstance(pattern, URLPattern) else flat(pattern, path)
    return [path for path in found if "(?P" not in path]


@pytest.mark.django_db
def test_admin_is_for_administrators_only(sessions):
    clients = {
        role: client_of(sessions.get(role, "")) for role in ("anonymous", "secretary", "staff")
    }

    reached = [
        (role, path)
        for path in admin_addresses()
        for role, client in clients.items()
        if code(client.get(path)) not in ("in", "302", "403", "404", "405")
    ]

    assert reached == []
    assert code(client_of(sessions["administrator"]).get("/admin/")) == "200"
