"""The command `hark-gateway`, which says what to install where something is missing."""

import sys


def main() -> None:
    """Do what the command line says."""
    try:
        from . import command  # noqa: PLC0415 (the libraries that it needs are an extra)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == __package__:
            raise
        sys.exit(
            f"hark-gateway: {error.name} is not installed; the gateway has an extra of its own: "
            "pip install 'django-hark[gateway]'"
        )
    command.main()


if __name__ == "__main__":
    main()
