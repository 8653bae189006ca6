"""What is stored: everyone's inbox and its log, and the outbox of what is owed to the world.

A notification's `modseq` is the number of its last change in its owner's log. Whoever writes to
another person's inbox leaves it empty, and the relay numbers it: so a writer waits for nobody. Only
the relay and the owner's own requests give numbers, each holding the row of that inbox.
"""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hark.backends.pubnub.tokens import PubNubToken  # noqa: F401 (a table of this app)
from hark.declaration import NAME_MAX_LENGTH
from hark.instants import Now

UNREAD = Q(read_at=None, archived_at=None, deleted_at=None)
UNSEEN = Q(seen_at=None, archived_at=None, deleted_at=None)
KEY_MAX_LENGTH = 200
SUBJECT_MAX_LENGTH = 255


class Owed(models.Model):
    """Something to be done for certain, however often it takes."""

    gives_up: ClassVar[bool] = True
    """Whether it waits for an operator after MAX_ATTEMPTS."""

    due_at = models.DateTimeField(
        db_default=Now(), null=True, help_text=_("Empty: given up, waits for “try again”.")
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="", help_text=_("What the last attempt met."))

    class Meta:
        abstract = True


class Inbox(Owed):
    """Someone's log: how far it goes, and how far their screens have been told.

    While `published` is behind `modseq`, a push is owed; the fields of `Owed` speak of that push.
    """

    gives_up = False  # what comes next may well be accepted

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="hark_inbox"
    )
    modseq = models.PositiveBigIntegerField(default=0, help_text=_("The last number given."))
    published = models.PositiveBigIntegerField(default=0, help_text=_("The last one pushed."))
    floor = models.PositiveBigIntegerField(
        default=0, help_text=_("Deletions up to this number may be forgotten.")
    )
    language = models.CharField(
        max_length=35, blank=True, db_default="", help_text=_("What their last page used.")
    )

    class Meta:
        verbose_name = _("inbox")
        verbose_name_plural = _("inboxes")
        constraints = [
            models.CheckConstraint(
                condition=Q(published__lte=F("modseq"), floor__lte=F("modseq")),
                name="hark_inbox_published_given",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(published__lt=F("modseq")), name="hark_inbox_owed"
            )
        ]

    def __str__(self) -> str:
        return f"inbox:{self.pk}"


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Notifications, as the inbox and the relay ask for them."""

    def of(self, user_id: Any) -> Self:
        """One person's, deleted ones excepted."""
        return self.filter(user=user_id, deleted_at=None)

    def unnumbered(self) -> Self:
        """What the relay has to number, in the order written."""
        return self.filter(modseq=None).order_by("id")


class Notification(models.Model):
    """One thing that happened, in one person's inbox: the facts, and what became of it."""

    id: int
    user_id: Any
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="hark_notifications", db_index=False
    )
    type = models.CharField(max_length=NAME_MAX_LENGTH)
    version = models.PositiveSmallIntegerField()
    actor = models.CharField(max_length=255, blank=True, help_text=_("A user's primary key."))
    target = models.CharField(max_length=500, blank=True, help_text=_("Model and primary key."))
    params = models.JSONField(default=dict, blank=True)
    facts = models.UUIDField(help_text=_("The same for the same type and parameters."))
    key = models.CharField(
        max_length=KEY_MAX_LENGTH, blank=True, help_text=_("Once per recipient, if not empty.")
    )
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    modseq = models.PositiveBigIntegerField(null=True, editable=False)
    arrival = models.PositiveBigIntegerField(
        null=True, editable=False, help_text=_("The first number that it was given.")
    )
    arrived = models.BooleanField(
        default=False, editable=False, help_text=_("Whether it was ever numbered.")
    )

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "modseq"], condition=Q(modseq__isnull=False), name="hark_log"
            ),
            models.UniqueConstraint(
                fields=["user", "key"], condition=~Q(key=""), name="hark_key_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["user", "-id"],
                condition=Q(archived_at=None, deleted_at=None),
                name="hark_inbox_page",
            ),
            models.Index(
                fields=["user", "-id"],
                condition=Q(archived_at__isnull=False, deleted_at=None),
                name="hark_archived_page",
            ),
            models.Index(fields=["user", "-id"], condition=UNREAD, name="hark_unread"),
            models.Index(fields=["user", "-id"], condition=UNSEEN, name="hark_unseen"),
            models.Index(fields=["id"], condition=Q(modseq=None), name="hark_unnumbered"),
            models.Index(
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False),
                name="hark_tombstones",
            ),
            models.Index(fields=["facts"], name="hark_facts"),
        ]

    def __str__(self) -> str:
        return f"{self.type} for {self.user_id}"


class OutboxQuerySet(models.QuerySet["Outbox"]):
    """Outbox rows, as the relay takes them."""

    def claim(self, limit: int) -> Self:
        """Lock up to `limit` due rows, oldest first, passing over rows another relay holds."""
        due = self.filter(due_at__lte=Now()).order_by("id")
        return due.select_for_update(skip_locked=True, of=("self",))[:limit]


class Outbox(Owed):
    """One thing owed beyond the inboxes' own pushes. Settled means deleted."""

    id: int
    kind = models.CharField(
        max_length=NAME_MAX_LENGTH, help_text=_("Which job does it: see hark.jobs.")
    )
    subject = models.CharField(
        max_length=SUBJECT_MAX_LENGTH,
        help_text=_("The channel, user, type or address that it is about."),
    )
    payload = models.JSONField(default=dict, blank=True)
    notification = models.ForeignKey(Notification, models.CASCADE, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[OutboxQuerySet] = OutboxQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("outbox row")
        verbose_name_plural = _("outbox")
        indexes = [
            models.Index(
                fields=["kind", "id"], condition=Q(due_at__isnull=False), name="hark_outbox_due"
            ),
            models.Index(
                fields=["due_at", "kind"],
                condition=Q(due_at__isnull=False),
                name="hark_outbox_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}"


class Relay(models.Model):
    """The active relay's sign of life: one row at most."""

    beat_at = models.DateTimeField()
    name = models.CharField(max_length=255, help_text=_("Host and process."))
    backend_pids = models.JSONField(default=list, help_text=_("Its database sessions."))
    trouble = models.TextField(blank=True, help_text=_("Why it cannot publish at present."))

    class Meta:
        verbose_name = _("relay")
        verbose_name_plural = _("relays")

    def __str__(self) -> str:
        return self.name


class Revocation(models.Model):
    """Tokens that were revoked and have not expired: a server that restarts is told again."""

    user_id = models.CharField(max_length=255, help_text=_("Kept when the user is deleted."))
    channel = models.CharField(
        max_length=255, blank=True, help_text=_("What they open; empty for all that they open.")
    )
    issued_before = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("revocation")
        verbose_name_plural = _("revocations")

    def __str__(self) -> str:
        return f"tokens of {self.user_id}"
