"""What every request needs to know of the person behind it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from members.rights import actor_on

Handler = Callable[[HttpRequest], HttpResponse]


def actor_middleware(get_response: Handler) -> Handler:
    """Put the person's rights of today on the request as ``request.actor``; loaded at the
    first use, so that a page that asks nothing costs nothing."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: actor_on(request.user, timezone.localdate())  # type: ignore[arg-type]
        )
        return get_response(request)

    return middleware


def first_password_middleware(get_response: Handler) -> Handler:
    """Whoever signed in with a one-time password chooses their own before anything else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        must_change = request.user.is_authenticated and request.user.must_change_password
        if must_change and request.path not in _always_open():
            return redirect("change_password")
        return get_response(request)

    return middleware


def _always_open() -> set[str]:
    return {reverse("change_password"), reverse("sign_out"), reverse("sign_in")}
