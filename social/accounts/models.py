import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from social.accounts.names import likeness, normalized, validate_name


class Likeness(models.CharField):  # type: ignore[type-arg]
    """What the user's name looks like: written with every user that is saved, by itself."""

    def pre_save(self, model_instance: Any, add: bool) -> str:  # noqa: ARG002
        looks = likeness(model_instance.username)
        setattr(model_instance, self.attname, looks)
        return looks


class User(AbstractUser):
    """Someone with an account. The id is random: it tells neither their order nor their number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(_("user name"), max_length=30, validators=[validate_name])
    likeness = Likeness(max_length=255, null=True, unique=True, editable=False)
    """Null for those who signed up while older code was running."""
    email = models.EmailField(_("e-mail address"))
    first_name = None  # type: ignore[assignment]  # people go by their user name only
    last_name = None  # type: ignore[assignment]

    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="accounts_user_username_once",
                violation_error_message=_("This name is taken."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="accounts_user_email_once",
                violation_error_message=_("This e-mail address has an account already."),
            ),
        ]

    @classmethod
    def is_taken(cls, name: str, *, by_others_than: uuid.UUID | None = None) -> bool:
        """Return whether somebody's name looks like this one."""
        others, looks = cls.objects.exclude(pk=by_others_than), likeness(name)
        unseen = others.filter(likeness=None).values_list("username", flat=True)
        return others.filter(likeness=looks).exists() or looks in map(likeness, unseen)

    def clean(self) -> None:
        super().clean()
        if User.is_taken(self.username, by_others_than=self.pk):
            raise ValidationError({"username": _("This name is taken.")}, code="unique")

    def save(self, *args: Any, **options: Any) -> None:
        self.username = normalized(self.username)
        if (fields := options.get("update_fields")) is not None and "username" in fields:
            options["update_fields"] = {*fields, "likeness"}
        super().save(*args, **options)

    def get_full_name(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        return self.username
