"""The addresses of the members floor."""

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, path

from members.views import accounts, notices, passwords, roll, roll_member

urlpatterns: list[URLPattern] = [
    path("sign-in/", accounts.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("account/password/", accounts.change_password, name="change_password"),
    path("account/big-text/", accounts.set_big_text, name="set_big_text"),
    path("account/language/", accounts.set_language, name="set_language"),
    path("notices/", notices.notices, name="notices"),
    path("notices/read/", notices.read_notices, name="read_notices"),
    path("notices/<int:pk>/", notices.open_notice, name="open_notice"),
    path("notices/deliveries/", notices.deliveries, name="deliveries"),
    path(
        "notices/deliveries/<int:pk>/again/", notices.try_delivery_again, name="try_delivery_again"
    ),
    path("roll/", roll.roll, name="roll"),
    path("roll/<int:pk>/", roll_member.roll_member, name="roll_member"),
    path("roll/<int:pk>/particulars/", roll_member.roll_particulars, name="roll_particulars"),
    path("roll/passwords/", passwords.roll_passwords, name="roll_passwords"),
    path("roll/import/", roll.roll_import, name="roll_import"),
    path("roll/import/<uuid:token>/", roll.roll_preview, name="roll_preview"),
]
