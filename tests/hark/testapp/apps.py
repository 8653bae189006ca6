from django.apps import AppConfig


class TestAppConfig(AppConfig):
    name = "tests.hark.testapp"
    label = "testapp"
