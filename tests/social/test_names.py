"""What people may call themselves, and which names are the same."""

# ruff: noqa: RUF001 (letters that look like others are what this is about)

import string
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.signals import pre_save
from hypothesis import given
from hypothesis import strategies as st

from social.accounts.models import User
from social.accounts.names import likeness, normalized, validate_free, validate_name
from tests.social.conftest import PASSWORD, in_another_connection
from tests.social.test_accounts import CLEO, Browser, errors_of

ALIKE = [
    pytest.param("ana", "ANA", id="capitals"),
    pytest.param("ana", "аna", id="a Cyrillic letter"),
    pytest.param("ace", "асе", id="Cyrillic letters only"),
    pytest.param("hat", "НАТ", id="Cyrillic capitals"),
    pytest.param("ana", "ＡＮＡ", id="full width"),
    pytest.param("fiona", "ﬁona", id="a ligature"),
    pytest.param("ana", "𝐚𝐧𝐚", id="mathematical letters"),
    pytest.param("Bill", "BiII", id="capital i for l"),
    pytest.param("bill", "BILL", id="i in capitals"),
    pytest.param("ilia", "lLlA", id="l for a capital i"),
    pytest.param("bob", "B0B", id="a zero"),
    pytest.param("bill", "bi11", id="ones"),
    pytest.param("Emma", "Emrna", id="r and n for m"),
    pytest.param("José", "Jose\u0301", id="an accent of its own"),
    pytest.param("nina", "nιna", id="a Greek letter"),
    pytest.param("kim", "kım", id="i without its dot"),
]
APART = [
    ("ana", "anna"),
    ("ana", "anà"),
    ("jose", "josé"),
    ("ana", "ana2"),
    ("anna5", "annas"),
    ("हिन्दी", "हिन्द"),
    ("王伟", "王維"),
]
OF_THE_WORLD = """
    हिन्दी हिन्दीa3f9 สวัสดี สวัสดีa3f9 José Zoë Łukasz Нина Ελένη محمد שרה 王小明 さくらミナ花
    지민 தமிழ் Nguyễn a.b-c_d+e 7of9 Владимир2 ქართული
""".split()  # noqa: SIM905 (they are of many widths)
NO_NAMES = [
    pytest.param("..", id="dots"),
    pytest.param("-ana", id="begins with a hyphen"),
    pytest.param("a b", id="a space"),
    pytest.param("a\u200bna", id="a space of no width"),
    pytest.param("ana\u202e", id="a turn of direction"),
    pytest.param("a\u3164", id="a letter that is empty"),
    pytest.param("ana\ufe0f", id="a choice of form"),
    pytest.param("\u0301ana", id="begins with an accent"),
    pytest.param("a" + "\u0316" * 9, id="nine accents on one letter"),
    pytest.param("a\u20dd", id="a circle around it"),
    pytest.param("ana😀", id="a picture"),
    pytest.param("ana@home", id="an address"),
    pytest.param("дana", id="Cyrillic and Latin letters"),
    pytest.param("λana", id="Greek and Latin letters"),
    pytest.param("हиa", id="three alphabets"),
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Browser:
    return Browser()


def sign_up(name: str) -> Any:
    email = f"{name.encode().hex()[:40]}@example.com"
    return Browser().auth("auth/signup", {**CLEO, "username": name, "email": email})


@pytest.mark.parametrize(("name", "other"), ALIKE)
def test_names_that_look_the_same_are_the_same(name: str, other: str) -> None:
    User.objects.create_user(name, "one@example.com", PASSWORD)
    assert list(errors_of(sign_up(other))) == ["username"]


@pytest.mark.parametrize(("name", "other"), ALIKE)
def test_the_database_holds_that_whatever_writes_to_it(name: str, other: str) -> None:
    User.objects.create_user(name, "one@example.com", PASSWORD)
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(username=normalized(other), email="two@example.com")])


@pytest.mark.parametrize(("name", "other"), APART)
def test_other_names_are_others(name: str, other: str) -> None:
    assert likeness(name) != likeness(other)


@pytest.mark.parametrize("name", [*OF_THE_WORLD, "Jose\u0301x"])
def test_the_letters_of_the_world_make_names(name: str) -> None:
    assert sign_up(name).status_code == 200
    assert User.objects.get().username == normalized(name)


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_is_refused(name: str) -> None:
    assert list(errors_of(sign_up(name))) == ["username"]


@pytest.mark.parametrize("name", ["admin", "Admin", "ADM1N", "аdmin", "a-d.min", "ｒｏｏｔ", "me"])
def test_names_that_seem_to_speak_for_the_site_are_reserved(name: str) -> None:
    with pytest.raises(ValidationError, match="reserved"):
        validate_free(name)


def test_the_reason_is_given_to_whoever_signs_up(browser: Browser) -> None:
    errors = errors_of(browser.auth("auth/signup", {**CLEO, "username": "Support"}))
    assert errors == {"username": "This name is reserved. Choose another."}


def test_what_is_too_long_once_it_is_normalized_is_refused_and_not_cut_off() -> None:
    assert list(errors_of(sign_up("ﬃ" * 11))) == ["username"]


def test_a_name_that_is_edited_is_compared_as_well(admin_client: Any, bo: User, ana: User) -> None:
    url = f"/admin/accounts/user/{bo.pk}/change/"
    form = admin_client.get(url).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value not in (None, [], False)}
    data |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00", "username": "АNA"}
    assert "This name is taken." in admin_client.post(url, data).content.decode()
    bo.username = "Bob"
    bo.save(update_fields=["username"])
    bo.refresh_from_db()
    assert bo.likeness == likeness("Bob")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_a_likeness_taken_after_the_form_was_checked_is_an_error_of_its_field() -> None:
    def somebody_is_faster(**_: Any) -> None:
        rival = User(username="сleo", email="other@example.com")
        in_another_connection(lambda: User.objects.bulk_create([rival]))

    pre_save.connect(somebody_is_faster, sender=User)
    try:
        answer = Browser().auth("auth/signup", CLEO)
    finally:
        pre_save.disconnect(somebody_is_faster, sender=User)
    assert list(errors_of(answer)) == ["username"]


def test_capitals_make_no_difference_in_latin() -> None:
    for letter in string.ascii_lowercase:
        assert likeness(letter) == likeness(letter.upper())


@given(st.text(max_size=30))
def test_any_text_has_a_likeness_that_fits_and_that_its_own_spellings_share(text: str) -> None:
    looks = likeness(text)
    assert likeness(normalized(text)) == looks
    try:
        validate_name(text)
    except ValidationError:
        return
    assert len(looks) <= User._meta.get_field("likeness").max_length


@pytest.mark.django_db
def test_code_from_before_signs_people_up_who_keep_their_names_to_themselves() -> None:
    loader = MigrationExecutor(connection).loader
    old = loader.project_state([("accounts", "0001_initial")]).apps.get_model("accounts", "User")
    for name in ("ana", "bo"):
        old.objects.create(username=name, email=f"{name}@example.com")
    with pytest.raises(ValidationError, match="taken"):
        User(username="аna", email="other@example.com").full_clean(exclude=["password"])
    ana = User.objects.get(username="ana")
    ana.full_clean(exclude=["password"])
    ana.save()
    assert ana.likeness == likeness("ana")


@pytest.mark.django_db(transaction=True)
def test_people_from_before_are_told_apart_and_the_eldest_keeps_the_name() -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    executor.migrate([("accounts", "0001_initial")])
    try:
        old = executor.loader.project_state([("accounts", "0001_initial")]).apps
        model = old.get_model("accounts", "User")
        for number, name in enumerate(
            ["ana", "аna", "ﬁona", "fiona", "fiona-2", "ana-2", "a" * 30, "а" * 30]
        ):
            model.objects.create(username=name, email=f"{number}@example.com")
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(latest)
    users = get_user_model().objects
    names = list(users.order_by("date_joined").values_list("username", flat=True))
    assert names == [
        "ana",
        "аna-2",
        "fiona",
        "fiona-2",
        "fiona-2-2",
        "ana-2-2",
        "a" * 30,
        "а" * 28 + "-2",
    ]
    assert all(user.likeness == likeness(user.username) for user in users.all())
