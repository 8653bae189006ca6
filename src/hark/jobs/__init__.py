"""Jobs: the kinds of outbox rows, one module for each, and their list in registry.py.

An application adds a kind by a class of its own: a DatabaseJob, a SlowJob or a SlowBatchJob with
`@register`.
"""

from hark.jobs.base import BackendJob, DatabaseJob, Job, SlowBatchJob, SlowJob
from hark.jobs.registry import register

__all__ = ["BackendJob", "DatabaseJob", "Job", "SlowBatchJob", "SlowJob", "register"]
