"""Who did what: every step has its words, and nobody reads what is not theirs to read."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from members.models import RollChange
from reviews.audit import VERBS

APPS = ("members", "points", "reviews")


def trees() -> list[ast.Module]:
    paths = [path for app in APPS for path in Path(settings.BASE_DIR, app).rglob("*.py")]
    return [ast.parse(path.read_text()) for path in paths if "migrations" not in path.parts]


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
