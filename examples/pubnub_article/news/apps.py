"""The application of the example."""

from django.apps import AppConfig


class NewsConfig(AppConfig):
    name = "news"

    def ready(self) -> None:
        """Listen for comments."""
        from news import receivers  # noqa: F401, PLC0415 (models must be loaded before)
