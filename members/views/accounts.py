"""Signing in and out, the password, big text and the language."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as set_language_cookie

from members.forms.accounts import OwnPasswordForm
from members.models import User
from members.services import accounts


class SignIn(LoginView):
    """Sign in; in demo mode the page offers the accounts of the demo (``config.context``)."""

    redirect_authenticated_user = True


def change_password(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = OwnPasswordForm(request.user, request.POST or None)
    if form.is_valid():
        accounts.change_password(
            user=request.user, password=form.cleaned_data["new_password1"], at=timezone.now()
        )
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Password changed. Use it from the next sign-in on."))
        return redirect("home")
    return render(request, "registration/password_change_form.html", {"form": form})


@require_POST
def set_big_text(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    accounts.set_big_text(user=request.user, wanted=request.POST.get("big_text") == "on")
    return back(request)


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the choice in a cookie, also before signing in (see ``config.language``)."""
    return set_language_cookie(request)


def back(request: HttpRequest) -> HttpResponse:
    """To the page the form stood on, if it is one of ours; else home."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return HttpResponseRedirect(target)
    return HttpResponseRedirect(reverse("home"))
