"""The addresses of the members floor."""

from django.urls import URLPattern, path  # noqa: F401

urlpatterns: list[URLPattern] = []
