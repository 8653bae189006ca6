"""Log lines that people read and machines parse: a time, a level, an event, and its facts."""

import json
import logging
import sys
from datetime import UTC, datetime

STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class Formatter(logging.Formatter):
    """Writes `2026-01-02T03:04:05.678Z INFO listening port=8000`; an exception follows."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and an exception's traceback below it."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts = [
            f"{name}={quoted(value)}"
            for name, value in record.__dict__.items()
            if name not in STANDARD
        ]
        words = [time.replace("+00:00", "Z"), record.levelname, record.getMessage(), *facts]
        line = " ".join(words)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def quoted(value: object) -> str:
    """Return a fact, in quotes if it could be mistaken for more than one."""
    text = str(value)
    is_plain = text.isprintable() and text and not set(text) & set(' "=')
    return text if is_plain else json.dumps(text)


def configure(level: str) -> None:
    """Log to standard error from `level` ("info", "warn"…) on; "none" logs nothing."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter())
    names = {"trace": "DEBUG", "warn": "WARNING", "fatal": "CRITICAL"}
    root = logging.getLogger()
    root.handlers[:] = [handler]
    if level == "none":
        logging.disable(logging.CRITICAL)
    else:
        root.setLevel(names.get(level, level.upper()))
