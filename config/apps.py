"""Django's admin with the product's own idea of who may enter."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    default_site = "config.administration.AdministratorSite"
