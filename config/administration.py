"""Django's admin, for administrators only, behind the product's own sign-in page."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse


class AdministratorSite(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        """Administrators only: committee staff have pages of their own."""
        return bool(request.user.is_active and request.user.is_superuser)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One door for everyone, with its lock-out; who is signed in and no administrator
        is told so by the page's own refusal."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        return redirect_to_login(
            request.GET.get("next", reverse("admin:index")), reverse("sign_in")
        )
