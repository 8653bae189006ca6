"""Subjects for the tests: articles and the remarks people make on them."""

import uuid

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models


class Article(models.Model):
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    title = models.CharField(max_length=100)


class Remark(models.Model):
    article = models.ForeignKey(Article, models.CASCADE)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    text = models.TextField()


class Pinned(Remark):
    """The same rows under another name."""

    class Meta:
        proxy = True


class Photo(Remark):
    """A remark and more: a row here, and one among the remarks."""

    source = models.CharField(max_length=50)


class Token(models.Model):
    """Has a key before it is saved."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)


class Price(models.Model):
    """Its key reads `5.00` from the database where it was written as `5`."""

    amount = models.DecimalField(primary_key=True, max_digits=20, decimal_places=2)


class Day(models.Model):
    start = models.DateTimeField(primary_key=True)


class Page(models.Model):
    address = models.CharField(primary_key=True, max_length=600)


class Line(models.Model):
    pk = models.CompositePrimaryKey("order", "number")
    order = models.IntegerField()
    number = models.IntegerField()


class Staff(get_user_model()):  # type: ignore[misc]
    class Meta:
        proxy = True


class Member(get_user_model()):  # type: ignore[misc]
    """A user with a key of its own beside the user's."""

    card = models.BigAutoField(primary_key=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, parent_link=True)
