from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import social.accounts.models
import social.accounts.names

LONGEST = 30


def tell_apart(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    """Write what each name looks like; of those that look the same, the eldest keeps its name.

    The others get a number behind theirs. Nobody signs in by it.
    """
    users: Any = apps.get_model("accounts", "User").objects
    given: dict[str, tuple[Any, str, str]] = {}
    for pk, username in list(users.order_by("date_joined", "pk").values_list("pk", "username")):
        name = first = social.accounts.names.normalized(username)[:LONGEST]
        number = 1
        while (looks := social.accounts.names.likeness(name)) in given:
            number += 1
            name = f"{first[: LONGEST - len(str(number)) - 1]}-{number}"
        given[looks] = pk, username, name
    for pk, username, name in given.values():
        if name != username:  # out of the way: somebody else may be given it
            users.filter(pk=pk).update(username=pk.hex[:LONGEST])
    for looks, (pk, _username, name) in given.items():
        users.filter(pk=pk).update(username=name, likeness=looks)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.AddField(
            "user",
            "likeness",
            social.accounts.models.Likeness(max_length=255, null=True, editable=False),
        ),
        migrations.RunPython(tell_apart, migrations.RunPython.noop),
        migrations.AlterField(
            "user",
            "likeness",
            # Null: code that does not know the column goes on signing people up.
            social.accounts.models.Likeness(
                max_length=255, null=True, unique=True, editable=False
            ),
        ),
        migrations.AlterField(
            "user",
            "username",
            models.CharField(
                max_length=30,
                validators=[social.accounts.names.validate_name],
                verbose_name="user name",
            ),
        ),
    ]
