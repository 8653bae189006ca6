"""Keys that are neither a number nor a UUID."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class People(BaseUserManager["Person"]):
    pass


class Person(AbstractBaseUser):
    id = models.CharField(primary_key=True, max_length=255)
    objects = People()

    USERNAME_FIELD = "id"


class Line(models.Model):
    """A line of an order, known by two numbers."""

    pk = models.CompositePrimaryKey("order", "number")
    order = models.IntegerField()
    number = models.IntegerField()
    text = models.CharField(max_length=20)
