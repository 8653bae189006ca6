from django.apps import AppConfig
from django.contrib.admin import apps


class AccountsConfig(AppConfig):
    name = "social.accounts"
    default = True


class LimitedAdminConfig(apps.AdminConfig):
    default_site = "social.accounts.site.LimitedAdminSite"
    default = False
