"""Hark as an app of Django's."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class HarkConfig(AppConfig):
    """Connects what Hark listens to, and imports each app's `notifications`."""

    name = "hark"
    verbose_name = _("Notifications")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hark import checks, sessions  # noqa: F401, PLC0415 (they need the models)

        sessions.connect_signals()
        # The relay meets stored names whose modules nothing else may have imported.
        autodiscover_modules("notifications")
