"""`python -m tests.chaos.people 200` puts so many people into the database of DATABASE_URL.

Prints them as JSON. They are signed in already, by sessions as a sign-in makes them: hashing two
hundred passwords would only warm the room.
"""

import json
import secrets
import sys
from datetime import timedelta
from typing import Any

import django

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def main() -> None:
    django.setup()
    sys.stdout.write(json.dumps(populate(int(sys.argv[1]))))


def populate(count: int) -> list[dict[str, Any]]:
    """Make so many people with a post and a session each."""
    from django.contrib.auth.hashers import make_password
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from social.accounts.models import User
    from social.posts.models import Post

    nobodys = make_password(None)
    names = [f"person-{number:04}" for number in range(count)]
    users = User.objects.bulk_create(
        [User(username=name, email=f"{name}@example.com", password=nobodys) for name in names]
    )
    posts = Post.objects.bulk_create(
        [Post(author=user, title=f"Words of {user}", text="Say what you think.") for user in users]
    )
    store, expiry = SessionStore(), timezone.now() + timedelta(days=1)
    sessions = Session.objects.bulk_create(
        [
            Session(
                session_key="".join(secrets.choice(ALPHABET) for _ in range(32)),
                session_data=store.encode(
                    {
                        "_auth_user_id": str(user.pk),
                        "_auth_user_backend": BACKEND,
                        "_auth_user_hash": user.get_session_auth_hash(),
                    }
                ),
                expire_date=expiry,
            )
            for user in users
        ]
    )
    return [
        {"id": str(user.pk), "token": session.session_key, "post": str(post.pk)}
        for user, post, session in zip(users, posts, sessions, strict=True)
    ]


if __name__ == "__main__":
    main()
