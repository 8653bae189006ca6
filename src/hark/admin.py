"""The operator's view: what is owed, what failed and why, and "try again"."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from hark.models import Inbox, Notification, Outbox, Relay
from hark.wake import wake_on_commit

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class GivenUp(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, *_args: Any) -> list[tuple[str, Any]]:
        return [("failed", _("given up")), ("retried", _("failed so far")), ("due", _("due"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "failed":
                return queryset.filter(due_at=None)
            case "retried":
                return queryset.filter(due_at__isnull=False, attempts__gt=0)
            case "due":
                return queryset.filter(due_at__isnull=False, attempts=0)
        return queryset


class ReadOnlyAdmin(ModelAdmin):
    """Rows belong to the relay and to their owners; an operator looks, and tries again."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False

    def has_change_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False


class OwedAdmin(ReadOnlyAdmin):
    actions = ["try_again"]
    list_filter = [GivenUp]

    @admin.action(description=_("Try again"), permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Make the chosen rows due at once."""
        count = queryset.update(due_at=Now(), attempts=0)
        wake_on_commit()
        text = ngettext("%d row is due again.", "%d rows are due again.", count)
        self.message_user(request, text % count)


@admin.register(Inbox)
class InboxAdmin(OwedAdmin):
    list_display = ["user", "modseq", "published", "attempts", "due_at", "error"]
    list_select_related = ["user"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Show the inboxes whose screens are behind; the others have nothing to tell."""
        return super().get_queryset(request).filter(published__lt=F("modseq"))


@admin.register(Outbox)
class OutboxAdmin(OwedAdmin):
    list_display = ["kind", "subject", "attempts", "due_at", "error", "created_at"]
    list_filter = ["kind", GivenUp]

    def get_exclude(self, request: HttpRequest, obj: Outbox | None = None) -> Any:  # noqa: ARG002
        """Hide an e-mail's text: it may hold a link that opens its reader's account."""
        return ["payload"] if obj and obj.kind == Outbox.Kind.MESSAGE else None


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["type", "user", "created_at", "read_at", "modseq"]
    list_select_related = ["user"]
    search_fields = ["type", "=target", "=key"]
    ordering = ["-id"]


@admin.register(Relay)
class RelayAdmin(ReadOnlyAdmin):
    list_display = ["name", "beat_at", "trouble"]
