from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "social.accounts"

    def ready(self) -> None:
        post_migrate.connect(make_cache_tables, sender=self)


def make_cache_tables(*, using: str, **_: Any) -> None:
    """Let `migrate` make every table: those of caches, too, which Django has a command for."""
    call_command("createcachetable", database=using, verbosity=0)
