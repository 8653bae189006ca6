"""The same seed draws the same faults, and enough of them."""

from collections import Counter
from itertools import pairwise

import pytest

from tests.chaos.plan import LINKS, PROCESSES, Kind, Options, faults

OPTIONS = Options(seed=7, seconds=60, faults=5)


def test_a_seed_repeats_its_faults_and_another_has_others() -> None:
    assert faults(OPTIONS) == faults(OPTIONS)
    assert faults(OPTIONS) != faults(Options(seed=8, seconds=60, faults=5))


def test_every_process_is_killed_and_stopped_and_every_link_broken_as_often_as_asked() -> None:
    drawn = faults(OPTIONS)
    stops = Counter((each.target, each.kind) for each in drawn if each.target in PROCESSES)
    assert stops == {(name, kind): 5 for name in PROCESSES for kind in (Kind.KILL, Kind.HANG)}
    breaks = Counter(each.target for each in drawn if each.kind in (Kind.CUT, Kind.JAM))
    assert breaks == dict.fromkeys(LINKS, 5)


@pytest.mark.parametrize("target", [*PROCESSES, *LINKS])
def test_a_fault_is_mended_before_the_same_thing_breaks_again(target: str) -> None:
    times = [(each.at, each.at + each.lasting) for each in faults(OPTIONS) if each.target == target]
    assert all(mended <= broken for (_, mended), (broken, _) in pairwise(times))
    assert times[-1][1] <= OPTIONS.seconds
