"""Every address of the product, floor by floor."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("reviews.urls")),
    path("", include("points.urls")),
    path("", include("members.urls")),
    path("admin/", admin.site.urls),
]

if settings.DEBUG:
    urlpatterns.append(path("gallery/", include("config.gallery")))
