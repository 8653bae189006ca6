"""Shared lists of names: found under each name as long as somebody uses them, and then gone."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.protocols.pubnub.lists import Lists, NameList
from hark_gateway.protocols.pubnub.live import Interest

NAMES = ["a", "b", "c", "d"]
LISTS = st.sets(st.sampled_from(NAMES), min_size=1).map(lambda names: tuple(sorted(names)))


def use(each: NameList[Any, Any]) -> None:
    each.interests += (Interest(each.names, {}),)


def leave(lists: Lists[Any, Any], each: NameList[Any, Any]) -> None:
    each.interests = each.interests[1:]
    lists.release(each)


@given(st.lists(st.tuples(st.sampled_from(["come", "go", "tidy"]), LISTS), max_size=30))
def test_a_list_is_on_each_of_its_names_while_it_is_used(steps: list[tuple[str, tuple]]) -> None:
    lists = Lists()
    users: dict[tuple[str, ...], int] = {}
    for step, names in steps:
        if step == "come":
            use(lists.obtain(names))
            users[names] = users.get(names, 0) + 1
        elif step == "go" and users.get(names):
            leave(lists, lists.obtain(names))
            users[names] -= 1
        elif step == "tidy":
            lists.tidy()
        used = {names for names, count in users.items() if count}
        for name in NAMES:
            found = [each.names for each in lists.on(name) if each.is_used]
            assert sorted(found) == sorted(names for names in used if name in names)
    for each in {each for name in NAMES for each in lists.on(name)}:
        each.interests = ()
        lists.release(each)
    lists.tidy()
    assert not any(lists.on(name) for name in NAMES)
    assert not any(lists.find(names) for names in users)


def test_all_who_have_the_same_list_share_it() -> None:
    lists = Lists()
    use(lists.obtain(("a", "b")))
    assert lists.obtain(("a", "b")) is lists.find(("a", "b")) is lists.on("a")[0]
    assert len(lists.on("b")) == 1
