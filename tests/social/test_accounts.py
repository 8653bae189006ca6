import pytest
from django.db import IntegrityError

from social.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "email"),
    [
        pytest.param("ANA", "other@example.com", id="the same name in capitals"),
        pytest.param("Other", "Ana@Example.com", id="the same e-mail address in capitals"),
    ],
)
def test_no_two_people_share_a_name_or_an_address(name: str, email: str) -> None:
    User.objects.create_user("Ana", "ana@example.com")
    with pytest.raises(IntegrityError):
        User.objects.create_user(name, email)
