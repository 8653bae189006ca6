#!/usr/bin/env python
"""Django's command-line utility. With DJANGO_DEBUG=1, what is unset is set for development."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from social.environment import enabled

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "social.settings")
    if enabled("DJANGO_DEBUG"):
        from social import development  # a deployment need not have what it uses

        development.prepare_environment()
        development.prepare_database()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"manage.py: {error}")
