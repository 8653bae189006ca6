"""The cases, in the order in which they are run. A new one is a module, and a line here."""

from bench.case import Case
from bench.cases import (
    arrival,
    bursts,
    drain,
    fan_out,
    hot_inbox,
    inbox,
    latency,
    memory,
    personal,
    publish,
    pubnub,
    recipients,
    recovery,
    request,
    storm,
    waking,
)

CASES: tuple[Case, ...] = (
    fan_out.CASE,
    bursts.CASE,
    bursts.CPU_CASE,
    personal.CASE,
    publish.CASE,
    memory.CASE,
    pubnub.CASE,
    pubnub.MEMORY_CASE,
    storm.CASE,
    recovery.CASE,
    latency.CASE,
    request.CASE,
    arrival.CASE,
    recipients.CASE,
    drain.CASE,
    hot_inbox.CASE,
    waking.CASE,
    inbox.CASE,
)
