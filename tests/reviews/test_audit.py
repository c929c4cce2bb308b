"""Who did what: every step has its words, and nobody reads what is not theirs to read."""

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from lib.display import zh_month
from members.models import Event, Member, RollChange
from members.notices import record
from reviews.audit import VERBS
from reviews.models import Export
from reviews.selectors.audit import MOST_NAMED
from reviews.selectors.exports import branches_label
from reviews.services.exports import note_download
from reviews.views.audit import PER_PAGE
from tests.factories import BranchFactory, UserFactory
from tests.reviews.branch_month import BranchMonth, at
from tests.reviews.exporting import NOW, made

pytestmark = pytest.mark.django_db
APPS = ("members", "points", "reviews")


def trees() -> list[ast.Module]:
    paths = [path for app in APPS for path in Path(settings.BASE_DIR, app).rglob("*.py")]
    texts = [path.read_text() for path in paths if "migrations" not in path.parts]
    return [ast.parse(text) for text in texts if "verb" in text or "log(" in text]


def constants(node: ast.AST) -> set[str]:
    """The strings that an expression can come to: not those that it compares."""
    if isinstance(node, ast.IfExp):
        return constants(node.body) | constants(node.orelse)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    return set()


def passed_on_by(functions: list[ast.FunctionDef]) -> dict[str, set[int]]:
    """By name, at which places a function takes a verb; also one that hands it on."""
    found: dict[str, set[int]] = {}
    for _depth in range(3):
        for function in functions:
            names = [argument.arg for argument in function.args.args]
            handed_on = {"verb"}
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                places = [call.args[n] for n in found.get(name, ()) if len(call.args) > n]
                handed_on |= {value.id for value in places if isinstance(value, ast.Name)}
            if places := {names.index(name) for name in handed_on & set(names)}:
                found.setdefault(function.name, set()).update(places)
    return found


def verbs_in_the_code() -> Iterator[str]:
    """Every ``verb`` that is handed to ``record``, directly, through a variable, or through
    a function that passes it on."""
    modules = trees()
    functions = [
        node for tree in modules for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    ]
    passed_on = passed_on_by(functions)
    for function in functions:
        assigned: dict[str, set[str]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                assigned.setdefault(node.targets[0].id, set()).update(constants(node.value))
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            given = [keyword.value for keyword in call.keywords if keyword.arg == "verb"]
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            given += [call.args[n] for n in passed_on.get(name, ()) if len(call.args) > n]
            for value in given:
                yield from constants(value)
                if isinstance(value, ast.Name):
                    yield from assigned.get(value.id, set())
    yield from (f"roll_{kind.lower()}" for kind in RollChange.Kind.values)


def test_every_step_in_the_code_has_its_words():
    used = set(verbs_in_the_code())
    assert {"publish", "resubmit", "refuse_exemption", "roll_transfer", "lift"} <= used
    assert used - set(VERBS) == set()


# -- the page --------------------------------------------------------------------------------


@pytest.fixture
def branch(month) -> BranchMonth:
    return month


def rows_for(month, client, who: str, /, **wanted):
    client.force_login(month.users[who])
    answer = client.get(reverse("audit"), wanted)
    assert answer.status_code == 200
    return answer.context["rows"]


def step(month, verb: str, /, *, by="secretary", when=None, **where) -> Event:
    record(by=month.users[by], at=when or at(10, 20), verb=verb, **where)
    return Event.objects.latest("pk")


@pytest.mark.parametrize(
    ("who", "sees"),
    [("staff", {"publish", "set_policy"}), ("staff elsewhere", set())],
)
def test_a_committee_sees_its_branches_and_its_staff(branch, client, who, sees):
    Event.objects.all().delete()
    step(branch, "publish", branch=branch.branch)
    step(branch, "set_policy", by="staff")
    step(branch, "change_password", by="member")
    found = {row.text for row in rows_for(branch, client, who)}
    assert found == {str(VERBS[verb]) for verb in sees}


def test_what_concerns_a_member_of_its_branches_is_the_committees(branch, client):
    Event.objects.all().delete()
    step(branch, "roll_retirement", by="staff elsewhere", member=branch.member)
    [row] = rows_for(branch, client, "staff")
    assert row.member == branch.member.name


def test_administrators_see_every_step_and_others_none(branch, client):
    Event.objects.all().delete()
    step(branch, "change_password", by="member")
    branch.users["administrator"] = UserFactory(is_superuser=True, is_staff=True)
    assert len(rows_for(branch, client, "administrator")) == 1
    for who in ("member", "secretary"):
        client.force_login(branch.users[who])
        assert client.get(reverse("audit")).status_code == 403


def test_the_log_is_narrowed_by_person_step_branch_and_days(branch, client):
    Event.objects.all().delete()
    step(branch, "publish", branch=branch.branch, when=at(10, 5, 23))
    step(branch, "object", by="member", branch=branch.branch, when=at(10, 6, 0))
    step(branch, "remind", by="staff", when=at(10, 7))

    def verbs(**wanted):
        return [row.text for row in rows_for(branch, client, "staff", **wanted)]

    published, objected, reminded = (str(VERBS[v]) for v in ("publish", "object", "remind"))
    assert verbs() == [reminded, objected, published]
    assert verbs(person=branch.member.name) == [objected]
    assert verbs(person=branch.users["staff"].username) == [reminded]
    assert verbs(verb="publish") == [published]
    assert verbs(branch=branch.branch.pk) == [objected, published]
    assert verbs(first="2026-10-06", last="2026-10-06") == [objected]
    assert verbs(last="2026-10-05") == [published]
    assert verbs(first="2026-10-08") == []
    assert verbs(verb="nonsense", first="yesterday") == [reminded, objected, published]


def test_a_branch_of_others_is_no_choice(branch, client):
    Event.objects.all().delete()
    step(branch, "publish", branch=branch.branch)
    other = branch.people["secretary elsewhere"].positions.get().branch
    rows = rows_for(branch, client, "staff", branch=other.pk)
    assert [row.branch for row in rows] == [branch.branch.name]


def test_details_stay_where_they_were_written(branch, client):
    """A confidential matter, a score and what was written: none of it stands in the log."""
    branch.punished.text = "受到诫勉谈话"
    branch.punished.save()
    branch.register("member", by="staff", item=branch.item(branch.punished))
    branch.to("PUBLISHED")
    branch.object("member", "密不可宣")
    step(branch, "record", branch=branch.branch, said="谈话内容", score="71.25", months=["2026-10"])

    client.force_login(branch.users["staff"])
    page = client.get(reverse("audit")).content.decode()

    for secret in ("诫勉", "密不可宣", "谈话内容", "71.25", "机纪〔2026〕3号"):
        assert secret not in page
    assert zh_month(date(2026, 10, 1)) in page


def test_the_log_says_what_was_exported_and_of_whom(branch, client):
    sisters = [BranchFactory(committee=branch.committee) for _n in range(MOST_NAMED)]
    Event.objects.all().delete()
    staff = branch.actor("staff")
    few = sorted([branch.branch.pk, sisters[0].pk])
    export = made("LEDGER", staff, branches=few, first="2026-09", last="2026-10")
    note_download(export=export, by=staff, at=NOW)
    progress = made("PROGRESS", staff, first="2026-10", last="2026-10")
    system = Event(by=branch.users["staff"], at=NOW, verb="export_year")
    system.details = {"year": 2025, "branches": [1, 2, 3], "members": 40}
    system.save()
    step(branch, "export_table", by="staff", table="members.Member", rows=5, when=NOW)

    found = [
        (row.text, row.about, row.note, row.branch)
        for row in rows_for(branch, client, "staff", branch="")
    ]
    asked, taken = (str(VERBS[verb]) for verb in ("request_export", "download_export"))
    ledger = (Export.Kind.LEDGER.label, export.name, f"{branch.branch.name}、{sisters[0].name}")
    counted = branches_label(MOST_NAMED + 1)
    assert found == [
        (str(VERBS["export_table"]), str(Member._meta.verbose_name_plural), "", ""),
        (str(VERBS["export_year"]), Export.Kind.YEAR.label, "2025", branches_label(3)),
        (asked, Export.Kind.PROGRESS.label, progress.name, counted),
        (taken, *ledger),
        (asked, *ledger),
    ]
    assert export.name.startswith("积分台账 2026-09至2026-10 ")

    def files_with(sister):
        return [row.note for row in rows_for(branch, client, "staff", branch=sister.pk)]

    assert files_with(sisters[0]) == [progress.name, export.name, export.name]
    assert files_with(sisters[1]) == [progress.name]


@pytest.mark.parametrize("count", [1, 3])
def test_exports_in_the_log_cost_two_queries_more(branch, client, django_assert_num_queries, count):
    Event.objects.all().delete()
    for _number in range(count):
        made("PROGRESS", branch.actor("staff"), first="2026-10", last="2026-10")
    client.force_login(branch.users["staff"])

    with django_assert_num_queries(12):
        assert len(client.get(reverse("audit")).context["rows"]) == count


def test_an_odd_detail_does_not_break_the_log(branch, client):
    Event.objects.all().delete()
    step(branch, "of_an_earlier_version", branch=branch.branch, month="?")
    step(branch, "export_table", by="staff", table="members.Earlier", when=at(10, 21))
    table, row = rows_for(branch, client, "staff")
    assert (row.text, row.note) == ("of_an_earlier_version", "")
    assert table.about == "members.Earlier"


def test_the_log_takes_the_same_number_of_queries_for_one_row_and_for_three(
    branch, client, django_assert_num_queries
):
    Event.objects.all().delete()
    client.force_login(branch.users["staff"])
    for verb in ("publish", "object", "remind"):
        step(branch, verb, branch=branch.branch, member=branch.member, by="member")
        if verb != "object":
            with django_assert_num_queries(10):
                assert client.get(reverse("audit")).status_code == 200


def test_the_log_is_read_page_by_page(branch, client):
    Event.objects.all().delete()
    for _count in range(PER_PAGE + 1):
        step(branch, "publish", branch=branch.branch)
    assert len(rows_for(branch, client, "staff")) == PER_PAGE
    assert len(rows_for(branch, client, "staff", page=2, verb="publish")) == 1
