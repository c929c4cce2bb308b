"""The password form."""

from typing import Any

from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class OwnPasswordForm(PasswordChangeForm):
    """Django's own, which moreover refuses the old password as the new one: a one-time
    password must not live on."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        old = self.cleaned_data.get("old_password")
        if old and old == self.cleaned_data.get("new_password1"):
            self.add_error(
                "new_password1",
                ValidationError(_("The new password must differ from the old one."), code="same"),
            )
        return cleaned
