"""The operator's view: what is owed, what failed and why, and "try again"."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from hark import inbox
from hark.instants import Now
from hark.jobs.base import Job
from hark.jobs.registry import job_of, jobs
from hark.models import Inbox, Notification, Outbox, Relay
from hark.references import read_key
from hark.render import Page
from hark.salvage import salvaged
from hark.types import label_of, names
from hark.wake import wake_on_commit

MOST_LISTED = 10_000
"""Rows that are counted and paged through at most: the newest, of those that a filter leaves."""

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
    ModelAdmin = admin.ModelAdmin[Any]
else:
    AnyPaginator = Paginator
    ModelAdmin = admin.ModelAdmin


class GivenUp(admin.SimpleListFilter):
    """Rows that wait for “Try again”, or those that are tried by themselves."""

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


class TypeFilter(admin.SimpleListFilter):
    """Notifications of one type."""

    title = _("type")
    parameter_name = "type"

    def lookups(self, *_args: Any) -> list[tuple[str, Any]]:
        return [(name, label_of(name)) for name in names()]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(type=self.value()) if self.value() in names() else queryset.none()


class KindFilter(admin.SimpleListFilter):
    """Rows of one job."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, *_args: Any) -> list[tuple[str, Any]]:
        return [(job.kind, job.label or job.kind) for job in jobs()]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class PersonFilter(admin.SimpleListFilter):
    """A field to write somebody's name in: a list of all people would be too long."""

    title = _("person")
    parameter_name = "person"
    template = "admin/hark/person_filter.html"

    def lookups(self, *_args: Any) -> list[tuple[str, Any]]:
        return [("", "")]  # none, and it would not be shown

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        others = [each for each in changelist.params.items() if each[0] != self.parameter_name]
        yield {"value": self.value() or "", "others": others}

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(of_owners(people(self.value()))) if self.value() else queryset


def people(term: str | None) -> list[Any]:
    """Return the keys of the users of exactly that name, e-mail address or key."""
    if not term or "\0" in term:  # which PostgreSQL refuses
        return []
    user_model = get_user_model()
    found = Q(**{user_model.USERNAME_FIELD: term})
    with suppress(AttributeError):  # a user model need not have an address
        found |= Q(**{user_model.get_email_field_name(): term})
    if (key := read_key(user_model, term)) is not None:
        found |= Q(pk=key)
    keys = user_model._base_manager.filter(found).values_list("pk", flat=True)  # noqa: SLF001
    return list(keys[:100])


def of_owners(owners: list[Any]) -> Q:
    """Say whose in a way that lets the database use the indexes of numbered and unnumbered rows."""
    return Q(user__in=owners, modseq__isnull=False) | Q(user__in=owners, modseq=None)


class BoundedPaginator(AnyPaginator):
    """Counts no further than MOST_LISTED: a full count of a large table takes minutes."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:MOST_LISTED].count())


class ReadOnlyAdmin(ModelAdmin):
    """Rows belong to the relay and to their owners; an operator looks, and tries again."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would be a full count
    paginator = BoundedPaginator
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Show what can be read of a damaged row: it is here that it can be deleted."""
        return salvaged(super().get_queryset(request))

    def has_add_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False

    def has_change_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False


class ExactSearch(ModelAdmin):
    """Searches for one thing in full, since parts of words would take a look at every row."""

    search_fields = ["pk"]  # else there is no field to write in

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(self.found(term)) if term else queryset), False

    def found(self, term: str) -> Q:
        """Return which rows are meant."""
        raise NotImplementedError


class OwedAdmin(ReadOnlyAdmin):
    """Rows that the relay owes, with “Try again”."""

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
class InboxAdmin(ExactSearch, OwedAdmin):
    """Inboxes, and why one cannot be pushed."""

    list_display = ["user", "modseq", "published", "attempts", "due_at", "error"]
    list_select_related = ["user"]
    search_help_text = _("The name, e-mail address or key of a user.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Show the inboxes whose screens are behind; the others have nothing to tell."""
        return super().get_queryset(request).filter(published__lt=F("modseq"))

    def found(self, term: str) -> Q:
        return Q(pk__in=people(term))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let an inbox go with its user only.

        Its numbers would begin again, below those that its notifications and screens hold.
        """
        page = getattr(request.resolver_match, "url_name", None) or ""
        is_own = page.startswith("hark_inbox_")
        return not is_own and super().has_delete_permission(request, obj)


@admin.register(Outbox)
class OutboxAdmin(OwedAdmin):
    """What is owed beyond the inboxes, and why it fails."""

    list_display = ["job", "subject", "attempts", "due_at", "error", "created_at"]
    list_filter = [KindFilter, GivenUp]
    search_fields = ["subject", "error"]

    @admin.display(description=_("kind"), ordering="kind")
    def job(self, row: Outbox) -> Any:
        """Say what kind of row it is, in words if its job is known here."""
        job = job_of(row.kind)
        return (job and job.label) or row.kind

    def get_exclude(self, request: HttpRequest, obj: Outbox | None = None) -> Any:  # noqa: ARG002
        """Hide what operators must not read, as an e-mail's text."""
        job = job_of(obj.kind) if obj else None
        return ["payload"] if job and job.is_secret else None

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say beside each row what is lost with it."""
        _links, *others = super().get_deleted_objects(objs, request)
        return [f"{row}: {(job_of(row.kind) or Job).lost}" for row in objs], *others


class NotificationList(ChangeList):
    """A page of notifications whose texts were made together."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = _with_texts(list(self.result_list))


def _with_texts(rows: list[Any]) -> list[Any]:
    """Give each row `text`, in the operator's language; what was deleted has none."""
    language = get_language() or settings.LANGUAGE_CODE
    page = Page(rows, {row.user_id: language for row in rows})
    for row in rows:
        row.text = page.text(row).title if row.deleted_at is None else ""
    return rows


@admin.register(Notification)
class NotificationAdmin(ExactSearch, ReadOnlyAdmin):
    """Notifications with their text, newest first."""

    list_display = ["text", "type", "user", "created_at", "read_at", "deleted_at", "modseq"]
    list_display_links = ["text", "type"]
    list_filter = [PersonFilter, TypeFilter]
    list_select_related = ["user"]
    readonly_fields = ["text"]
    search_help_text = _(
        "A user's name, address or key; a type; an id, a target or a key, in full."
    )
    ordering = ["-id"]

    def get_changelist(self, *_args: Any, **_kwargs: Any) -> type[ChangeList]:
        return NotificationList

    @admin.display(description=_("text"))
    def text(self, row: Any) -> str:
        if not hasattr(row, "text"):
            _with_texts([row])
        return str(row.text)

    def found(self, term: str) -> Q:
        """Find by what has an index, if the term is such a thing; else by what has none."""
        if term in names():
            return Q(type=term)
        found = of_owners(owners) if (owners := people(term)) else Q()
        if term.isascii() and term.isdigit() and len(term) < 19:
            found |= Q(pk=int(term))
        return found or Q(type=term) | Q(target=term) | Q(key=term)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say beside each row what its deletion does."""
        _links, *others = super().get_deleted_objects(objs, request)
        what = gettext("it is taken off every screen, and an e-mail that is owed is not sent")
        return [f"{row}: {what}" for row in objs], *others

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete as the owner would, so that every screen hears of it; `hark prune` forgets it."""
        self.delete_queryset(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ARG002
        """Delete each as its owner would."""
        now = timezone.now()
        for user_id, pk in [(row.user_id, row.pk) for row in queryset]:
            with suppress(inbox.NotFound):  # deleted already
                inbox.delete(user_id, pk, now=now)


@admin.register(Relay)
class RelayAdmin(ReadOnlyAdmin):
    """The active relay, and its last sign of life."""

    list_display = ["name", "beat_at", "trouble"]
