"""Where the configuration comes from: a file, and environment variables, which win.

Keys are checked one by one against the options that exist, so that a misspelt one stops the start
with its name instead of being quietly without effect.
"""

import dataclasses
import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import yaml

from .auth import TokenOptions, static_keys
from .config import Config
from .foreign import advice_for, advice_for_variable
from .hub.options import ChannelOptions, ChannelRules, NamespaceOptions, Seconds

PREFIX = "HARK_GATEWAY_"
OF_NAMESPACES = f"{PREFIX}CHANNEL_NAMESPACES_"
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
T = TypeVar("T")
LEVELS = ("trace", "debug", "info", "warn", "error", "fatal", "none")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST = 100 * 365.25 * 24 * 3600.0
"""Seconds of the longest duration."""


class ConfigError(Exception):
    """The configuration is wrong; each of its faults, on a line, says where, and what to do."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Faults:
    """Gathers what is wrong with one part after another, so that one run names all of it."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, fault: str) -> None:
        self._found.append(fault)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Go on after a fault of what is done within."""
        try:
            yield
        except ConfigError as error:
            self._found += error.faults

    def stop(self) -> None:
        """Raise a ConfigError with all of them, if there are any."""
        if self._found:
            raise ConfigError(*dict.fromkeys(self._found))


def load(path: Path | None, environment: Mapping[str, str]) -> Config:
    """Return the configuration made of a file and of the environment, checked.

    Raises:
        ConfigError: Keys are unknown, values have the wrong form, or options contradict.
    """
    settings = read_file(path) if path is not None else {}
    faults, config = Faults(), Config()
    with faults.gathered():
        for keys, value in from_environment(
            environment, namespaces_in(settings, environment), faults
        ):
            place(settings, keys, value)
    with faults.gathered():
        config = build(Config, settings, "")
        check(config)
    faults.stop()
    return config


def read_file(path: Path) -> dict[str, Any]:
    """Return the contents of a JSON, YAML or TOML file, told apart by its suffix."""
    readers: dict[str, Callable[[str], Any]] = {
        ".json": json.loads,
        ".toml": tomllib.loads,
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
    }
    if path.suffix not in readers:
        raise ConfigError(f"{path}: name it .json, .yaml or .toml, so that its format is known")
    try:
        settings = readers[path.suffix](path.read_text())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: expected a table of options")
    return settings


# The environment


def namespaces_in(settings: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """Return the names of all namespaces, which variables for single options refer to."""
    channel = settings.get("channel")
    listed = channel.get("namespaces") if isinstance(channel, dict) else None
    given = environment.get(f"{PREFIX}CHANNEL_NAMESPACES")
    if given:
        listed = parse_namespaces(given)
    if not isinstance(listed, list):
        return []
    return [str(each["name"]) for each in listed if isinstance(each, dict) and "name" in each]


def parse_namespaces(text: str) -> Any:
    """Return namespaces written as JSON, or as names separated by spaces."""
    if text.lstrip().startswith("["):
        return parse_json(text, f"{PREFIX}CHANNEL_NAMESPACES")
    return [{"name": name} for name in text.split()]


def parse_list(text: str, name: str) -> Any:
    """Return a list written as JSON, or as words separated by spaces."""
    return parse_json(text, name) if text.lstrip().startswith("[") else text.split()


def parse_json(text: str, name: str) -> Any:
    """Return what a JSON text holds; ConfigError, naming `name`, if it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{name}: not JSON: {error}") from None


def from_environment(
    environment: Mapping[str, str], namespaces: list[str], faults: Faults
) -> Iterator[tuple[list[str], Any]]:
    """Yield the path and value of each option that a variable sets, lists before their items."""
    known = {variable_for(path): path for path in paths_of(Config)}
    for name in namespaces:
        for option in dataclasses.fields(NamespaceOptions):
            path = ["channel", "namespaces", name, option.name]
            known[variable_for(path)] = path
    for variable in sorted(environment, key=len):
        if not variable.startswith(PREFIX) or not environment[variable]:
            continue  # empty counts as unset
        if variable not in known:
            faults.add(unknown(variable, list(known), namespaces))
            continue
        value: Any = environment[variable]
        path = known[variable]
        if path == ["channel", "namespaces"]:
            value = parse_namespaces(value)
        yield path, value


def variable_for(path: list[str]) -> str:
    """Return the environment variable of an option, such as HARK_GATEWAY_HTTP_SERVER_PORT."""
    return PREFIX + re.sub(r"[.-]", "_", "_".join(path)).upper()


def paths_of(owner: type) -> Iterator[list[str]]:
    """Yield the path of every option below `owner`."""
    for name, kind in kinds_of(owner).items():
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            yield from ([name, *rest] for rest in paths_of(kind))
        else:
            yield [name]


def kinds_of(owner: type) -> dict[str, Any]:
    """Return the type of each field of a dataclass, in order."""
    hints = get_type_hints(owner, include_extras=True)
    return {option.name: hints[option.name] for option in dataclasses.fields(owner)}


def place(settings: dict[str, Any], path: list[str], value: Any) -> None:
    """Set one option; in a list of namespaces the path names the namespace."""
    target: Any = settings
    for key in path[:-1]:
        if isinstance(target, list):
            target = next(each for each in target if each.get("name") == key)
        else:
            target = target.setdefault(key, {})
    target[path[-1]] = value


# Values


def build(owner: type[T], settings: object, path: str) -> T:
    """Return an `owner` made of `settings`, with defaults for what is missing."""
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: expected a table of options")
    hints = kinds_of(owner)
    faults, values = Faults(), {}
    for key, value in settings.items():
        if key not in hints:
            faults.add(unknown(f"{path}{key}", [f"{path}{name}" for name in hints]))
            continue
        with faults.gathered():
            values[key] = parse(hints[key], value, path + key)
    if "name" in hints and owner is NamespaceOptions and "name" not in settings:
        faults.add(f"{path.rstrip('.')}: a namespace needs a name")
    faults.stop()
    return owner(**values)


def parse(kind: Any, value: object, path: str) -> object:
    """Return `value` as a `kind`."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if isinstance(value, str):
            value = parse_json(value, path)
        return build(kind, value, f"{path}.")
    if kind is Seconds:
        return parse_duration(value, path)
    if get_origin(kind) is tuple:
        items = parse_list(value, path) if isinstance(value, str) else value
        if not isinstance(items, list):
            raise ConfigError(f"{path}: expected a list")
        item, faults, parsed = get_args(kind)[0], Faults(), []
        for number, each in enumerate(items):
            with faults.gathered():
                parsed.append(parse(item, each, f"{path}[{number}]"))
        faults.stop()
        return tuple(parsed)
    if kind is str and not isinstance(value, str):
        raise ConfigError(f"{path}: expected text, got {value!r}")
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from None


def parse_duration(value: object, path: str) -> float:
    """Return the seconds in "300ms", "25s", "10m", "24h", "1h30m"."""
    text = str(value)
    parts = DURATION.findall(text)
    if text != "0" and (not parts or "".join(a + b for a, b in parts) != text):
        raise ConfigError(f'{path}: expected a duration such as "25s" or "24h", got {value!r}')
    seconds = sum(float(number) * UNITS[unit] for number, unit in parts)
    if seconds > LONGEST:
        raise ConfigError(f"{path}: a duration is a hundred years at most")
    return seconds


def unknown(key: str, known: list[str], namespaces: Sequence[str] = ()) -> str:
    """Say that an option does not exist, and what to do."""
    is_variable = key.startswith(PREFIX)
    if is_variable and key.startswith(OF_NAMESPACES):
        return _unknown_of_a_namespace(key, known, namespaces)
    advice = advice_for_variable(key[len(PREFIX) :]) if is_variable else advice_for(key)
    if advice is not None:
        return f"{key}: an option of Centrifugo's that is not supported; {advice}"
    close = difflib.get_close_matches(key, known, 1, 0.8)
    hint = f"did you mean {close[0]}?" if close else "remove it, or see hark-gateway print-config"
    return f"{key}: unknown option; {hint}"


def _unknown_of_a_namespace(key: str, known: list[str], namespaces: Sequence[str]) -> str:
    """Say what is wrong with a variable for one option of one namespace."""
    for name in namespaces:
        prefix = variable_for(["channel", "namespaces", name]) + "_"
        if key.startswith(prefix):
            advice = advice_for(f"channel.namespaces.{key[len(prefix) :].lower()}")
            if advice is not None:
                return f"{key}: an option of Centrifugo's that is not supported; {advice}"
            close = difflib.get_close_matches(key, known, 1, 0.8)
            hint = f"did you mean {close[0]}?" if close else "a namespace has no such option"
            return f"{key}: unknown option; {hint}"
    listed = ", ".join(namespaces) or "none"
    return f"{key}: names no namespace of channel.namespaces, which lists {listed}; add it there"


def check(config: Config) -> None:
    """Refuse options that contradict each other."""
    faults = Faults()
    for part in (_check_options, _check_tokens, _check_namespaces):
        with faults.gathered():
            part(config)
    faults.stop()


def _check_options(config: Config) -> None:
    client, faults = config.client, Faults()
    if client.ping_interval <= client.pong_timeout:
        faults.add("client.ping_interval: must be longer than client.pong_timeout")
    if client.ping_interval != int(client.ping_interval):
        faults.add("client.ping_interval: clients are told it in whole seconds")
    if config.log.level not in LEVELS:
        faults.add(f"log.level: choose one of {', '.join(LEVELS)}")
    for protocol in config.protocols:
        for fault in protocol.faults(config, config.http_server.address):
            faults.add(fault)
    faults.stop()


def _check_tokens(config: Config) -> None:
    faults = Faults()
    for options in (config.client.token, config.client.subscription_token):
        with faults.gathered():
            check_token(options)
    faults.stop()


def _check_namespaces(config: Config) -> None:
    rules, faults = config.channel, Faults()
    names = [namespace.name for namespace in rules.namespaces]
    if len(set(names)) < len(names):
        faults.add("channel.namespaces: each name may stand once")
    for name in names:
        if not re.fullmatch(r"[-a-zA-Z0-9_.]{2,}", name):
            faults.add(f"channel.namespaces: {name!r} is no name for a namespace")
    parts: list[tuple[str, ChannelOptions]] = [
        ("channel.without_namespace", rules.without_namespace),
        ("channel.other_namespaces", rules.other_namespaces),
        *((f"channel.namespaces[{each.name}]", each) for each in rules.namespaces),
    ]
    for where, options in parts:
        with faults.gathered():
            check_channels(where, options, rules)
    faults.stop()


def check_token(options: TokenOptions) -> None:
    """Refuse keys that cannot be used."""
    try:
        static_keys(options)
    except ValueError as error:
        raise ConfigError(f"client.token: unusable public key: {error}") from None
    url = options.jwks_public_endpoint
    if url and not url.startswith(("https://", "http://")):
        raise ConfigError("client.token.jwks_public_endpoint: begin it with https:// or http://")
    for name in ("audience_regex", "issuer_regex"):
        check_pattern(f"client.token.{name}", getattr(options, name))


def check_pattern(where: str, pattern: str) -> None:
    """Refuse what is no regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"{where}: no regular expression: {error}") from None


def check_channels(where: str, options: ChannelOptions, rules: ChannelRules) -> None:
    """Refuse options of one namespace that contradict each other."""
    if (options.history_size > 0) != (options.history_ttl > 0):
        raise ConfigError(f"{where}: history_size and history_ttl only work together")
    needs_history = options.force_recovery or options.force_positioning
    if needs_history and not options.keeps_history:
        raise ConfigError(f"{where}: recovery and positions need history_size and history_ttl")
    if options.history_ttl > (options.history_meta_ttl or rules.history_meta_ttl):
        raise ConfigError(f"{where}: history_ttl must not exceed history_meta_ttl")
    if options.force_recovery_mode not in ("stream", "cache"):
        raise ConfigError(f'{where}: force_recovery_mode is "stream" or "cache"')
    check_pattern(f"{where}.channel_regex", options.channel_regex)


# The other way round

COVERED = "(set)"
SECRETS = ("hmac_secret_key", "hmac_previous_secret_key", "key", "secret_key")


def as_settings(options: object) -> dict[str, Any]:
    """Return options as a file would have them; secrets are covered."""
    settings: dict[str, Any] = {}
    for name, kind in kinds_of(type(options)).items():
        value = getattr(options, name)
        if name in SECRETS and value:
            settings[name] = COVERED
        else:
            settings[name] = as_setting(kind, value)
    return settings


def as_setting(kind: Any, value: Any) -> object:
    """Return one value as a file would have it."""
    if dataclasses.is_dataclass(value):
        return as_settings(value)
    if kind is Seconds:
        return as_duration(value)
    if isinstance(value, tuple):
        return [as_setting(type(each), each) for each in value]
    return value


def as_duration(seconds: float) -> str:
    """Return a duration as `parse_duration` reads it."""
    for unit in ("h", "m", "s"):
        if seconds and seconds % UNITS[unit] == 0:
            return f"{seconds / UNITS[unit]:g}{unit}"
    return f"{seconds * 1000:g}ms"
