from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "social.api"
    label = "social_api"

    def ready(self) -> None:
        from social.api import schema  # noqa: F401, PLC0415 (registers itself with the generator)
