"""Notification types: what happened, how it reads, where it may go; and their registry."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from hark.declaration import check_class, check_name
from hark.exceptions import AlreadyRegistered, BadType, NotRegistered

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.models import Model

    from hark.media import Medium

T = TypeVar("T", bound="NotificationType")


class NotificationType(ABC):
    """What happened, declared as a frozen dataclass whose fields are the facts.

    Only the facts are stored. The methods below run whenever somebody looks, so a text follows its
    subject: rename the post and yesterday's notification names it rightly. They must not write, and
    should not query beyond what `related` has loaded.
    """

    version: ClassVar[int] = 1
    """Raise it when the fields change, and teach `upcast` the old ones."""

    label: ClassVar[str] = ""
    """What is shown when the text cannot be made, say because its subject is gone. Empty: made from
    the registered name."""

    related: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """For a field that holds a model instance: the `select_related` paths that the methods follow,
    so that a page of notifications takes no query for each."""

    tells_actor: ClassVar[bool] = False
    """Whether whoever did it is told as well, when they are among the recipients."""

    media: ClassVar[tuple["Medium", ...]] = ()
    """Ways to reach a person beyond the inbox and its live screens, which every type has."""

    type_name: ClassVar[str] = ""
    """The registered name; set by `@register`."""

    @abstractmethod
    def title(self) -> str:
        """One line of plain text. Required."""

    def body(self) -> str:
        """A few more words of plain text, or none."""
        return ""

    def url(self) -> str:
        """Where a click leads: a path of this site, or none."""
        return ""

    def actor(self) -> "AbstractBaseUser | None":
        """Who did it; shown beside the text, and not told of what they did themselves."""
        return None

    def target(self) -> "Model | None":
        """What it was done to."""
        return None

    def data(self) -> dict[str, Any]:
        """Anything else a screen needs, as JSON. Never put here what the recipient may not see."""
        return {}

    @classmethod
    def upcast(cls, version: int, params: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG003
        """Turn stored facts of an older `version` into those of the present one."""
        return params


_registry: dict[str, type[NotificationType]] = {}


def register(name: str, *, formerly: Sequence[str] = ()) -> Callable[[type[T]], type[T]]:
    """Give a notification class its stable name, which is what the rows store.

    Args:
        name: Dotted lower-case words, such as "post.commented".
        formerly: Names it had before, so that rows stored under them still read.

    Raises:
        BadType: The class is no frozen dataclass on NotificationType, a method is missing or takes
            other arguments, or a field hides an attribute that every type has.
        AlreadyRegistered: Another class has that name.
    """
    if isinstance(formerly, str):  # its letters would be names
        raise BadType(f"formerly must be a tuple of names, as ({formerly!r},)")
    names = (name, *formerly)

    def decorate(cls: type[T]) -> type[T]:
        for each in names:
            check_name(each)
        check_class(cls, NotificationType)
        for each in names:
            if (other := _registry.get(each, cls)) is not cls:
                raise AlreadyRegistered(each, cls, other)
        _registry.update(dict.fromkeys(names, cls))
        cls.type_name = name
        return cls

    return decorate


def name_of(notification: NotificationType) -> str:
    """Return the registered name.

    Raises:
        NotRegistered: Its class, or it is a subclass of one, has none of its own.
    """
    cls = type(notification)
    if not isinstance(notification, NotificationType) or _registry.get(cls.type_name) is not cls:
        raise NotRegistered(cls)
    return cls.type_name


def type_named(name: str) -> type[NotificationType] | None:
    """Return the class stored rows call `name`; None if it was removed since."""
    return _registry.get(name)


def registered(name: str) -> type[NotificationType]:
    """Return the class of one of `names()`."""
    return _registry[name]


def names() -> list[str]:
    """Return every registered name, former ones included, sorted."""
    return sorted(_registry)


def label_of(name: str) -> str:
    """Return a few words for a type: "post.commented" is "Post commented" unless it says better."""
    cls = _registry.get(name)
    return (cls.label if cls else "") or name.replace(".", " ").replace("_", " ").capitalize()
