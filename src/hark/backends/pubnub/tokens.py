"""The tokens that PubNub's clients hold."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PubNubToken(models.Model):
    """A token that someone holds: PubNub revokes only what it is shown."""

    user_id = models.CharField(max_length=255, help_text=_("Kept when the user is deleted."))
    token = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "hark"
        verbose_name = _("PubNub token")
        verbose_name_plural = _("PubNub tokens")
        indexes = [models.Index(fields=["user_id"], name="hark_pubnub_holder")]

    def __str__(self) -> str:
        return f"a token of {self.user_id}"
