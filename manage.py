#!/usr/bin/env python
"""Django's command-line utility; what the environment leaves unset is set for development."""

import sys

from django.core.management import execute_from_command_line

from social.development import prepare_database, prepare_environment

if __name__ == "__main__":
    prepare_environment()
    prepare_database()
    execute_from_command_line(sys.argv)
