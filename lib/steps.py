"""One table of steps per state machine: it draws the buttons, guards the services and
parametrises the tests, so that a button can never disagree with the guard."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """A step that cannot be taken now, with a message for the person who tried.

    Nothing was changed. It is also what the loser of a race is told.
    """

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class Overtaken(Refused):
    """Somebody else was faster: the form that was sent rests on what does not stand any more.

    ``number`` is that of what stands now. Whoever was told of it may send the form again.
    """

    def __init__(self, message: Any, *, number: int) -> None:
        super().__init__(message)
        self.number = number


class HasState(Protocol):
    state: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step from some states to a state (``target`` None: the state stays).

    ``may(actor, obj)`` says whether this person may take it, whatever the state.
    """

    name: str
    label: Any
    sources: frozenset[str]
    target: str | None
    may: Callable[[Any, Any], bool]


class Steps:
    """The table of one state machine."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = {step.name: step for step in steps}

    def __iter__(self) -> Any:
        return iter(self._steps.values())

    def __getitem__(self, name: str) -> Step:
        return self._steps[name]

    def open_to(self, actor: Any, obj: HasState) -> Sequence[Step]:
        """The steps this person may take on this object now, in the table's order."""
        return [step for step in self if obj.state in step.sources and step.may(actor, obj)]

    def is_open(self, name: str, actor: Any, obj: HasState) -> bool:
        step = self._steps[name]
        return obj.state in step.sources and step.may(actor, obj)

    def check(self, name: str, actor: Any, obj: HasState) -> Step:
        """Return the step, or raise PermissionDenied (never for this person) or Refused
        (not in this state: usually someone else was faster)."""
        step = self._steps[name]
        if not step.may(actor, obj):
            raise PermissionDenied
        if obj.state not in step.sources:
            raise Refused(
                _("“%(step)s” is no longer possible: the state has changed to “%(state)s”.")
                % {"step": step.label, "state": state_label(obj)}
            )
        return step


def state_label(obj: Any) -> str:
    display = getattr(obj, "get_state_display", None)
    return str(display()) if display else str(obj.state)
