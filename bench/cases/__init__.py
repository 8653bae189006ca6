"""The cases, in the order in which they are run. A new one is a module, and a line here."""

from bench.case import Case
from bench.cases import fan_out

CASES: tuple[Case, ...] = (fan_out.CASE,)
