"""Centrifugo's options that this gateway has not got, and what to do about each.

A file written for Centrifugo must not seem to work while half of it is without effect.
"""

import re

ONE_PROCESS = (
    "this gateway is one process that keeps its state in memory; remove it, or use Centrifugo"
)
NO_PROXY = "this gateway calls no backend; decide by tokens instead, and remove it"
NO_TLS = "let a proxy in front of the gateway speak TLS, and remove it"
NO_COMPRESSION = "frames are sent as they are; remove it"
NO_DELTA = "publications are sent whole; remove it"
NO_MAPS = "there are streams only; remove it"
NOT_NEEDED = "it has nothing to do in this gateway; remove it"
NO_GRPC = "there is no gRPC here; use HTTP, and remove it"
PUSH_IT = "call the server API instead, and remove it"
ONE_PORT = (
    "everything is on one port; keep the API from strangers in the proxy in front, and remove it"
)
OBSERVE = "use the metrics page (prometheus.enabled), and remove it"

ADVICE = {
    "admin": "there is no web interface; use the server API, and remove it",
    "broker": ONE_PROCESS,
    "channel.namespaces.allow_tags_filter": "tags are passed on, not filtered by; remove it",
    "channel.namespaces.allowed_delta_types": NO_DELTA,
    "channel.namespaces.delta_publish": NO_DELTA,
    "channel.namespaces.map": NO_MAPS,
    "channel.namespaces.publication_data_format": "any JSON may be published; remove it",
    "channel.namespaces.publish_proxy_enabled": NO_PROXY,
    "channel.namespaces.publish_proxy_name": NO_PROXY,
    "channel.namespaces.shared_poll": NO_MAPS,
    "channel.namespaces.shared_position_sync": NOT_NEEDED,
    "channel.namespaces.sub_refresh_proxy_enabled": NO_PROXY,
    "channel.namespaces.sub_refresh_proxy_name": NO_PROXY,
    "channel.namespaces.subscribe_proxy_enabled": NO_PROXY,
    "channel.namespaces.subscribe_proxy_name": NO_PROXY,
    "channel.namespaces.subscribe_stream_bidirectional": NO_PROXY,
    "channel.namespaces.subscribe_stream_proxy_enabled": NO_PROXY,
    "channel.namespaces.subscribe_stream_proxy_name": NO_PROXY,
    "channel.namespaces.subscription_type": NO_MAPS,
    "channel.namespaces.subscription_types": NO_MAPS,
    "channel.proxy": NO_PROXY,
    "client.allowed_delta_types": NO_DELTA,
    "client.channel_position_check_delay": "positions cannot drift within one process; remove it",
    "client.channel_position_max_time_lag": "positions cannot drift within one process; remove it",
    "client.concurrency": "a client's commands run one after another; remove it",
    "client.connect_code_to_unidirectional_disconnect": NOT_NEEDED,
    "client.connect_include_server_time": NOT_NEEDED,
    "client.connect_proxy_name": NO_PROXY,
    "client.connection_rate_limit": "limit connections in the proxy in front, and remove it",
    "client.insecure_skip_token_signature_verify": "sign tokens, and remove it",
    "client.presence_update_interval": "presence needs no refreshing in one process; remove it",
    "client.proxy": NO_PROXY,
    "client.refresh_proxy_name": NO_PROXY,
    "consumers": PUSH_IT,
    "debug": OBSERVE,
    "dev": NOT_NEEDED,
    "enable_unreleased_features": NOT_NEEDED,
    "engine": ONE_PROCESS,
    "graphite": OBSERVE,
    "grpc_api": NO_GRPC,
    "http_api.external": ONE_PORT,
    "http_server.http3": NO_TLS,
    "http_server.internal_address": ONE_PORT,
    "http_server.internal_port": ONE_PORT,
    "http_server.internal_tls": NO_TLS,
    "http_server.tls": NO_TLS,
    "http_server.tls_autocert": NO_TLS,
    "http_server.tls_external": NO_TLS,
    "init": NOT_NEEDED,
    "log.file": "logs go to standard error; redirect that, and remove it",
    "map_broker": ONE_PROCESS,
    "node.info_metrics_aggregate_interval": OBSERVE,
    "opentelemetry": OBSERVE,
    "pid_file": "let the supervisor keep the process id, and remove it",
    "presence_manager": ONE_PROCESS,
    "prometheus.instrument_http_handlers": OBSERVE,
    "proxies": NO_PROXY,
    "rpc": NO_PROXY,
    "swagger": NOT_NEEDED,
    "uni_grpc": NO_GRPC,
    "uni_websocket.compression": NO_COMPRESSION,
    "uni_websocket.join_push_messages": "each push has its own frame; remove it",
    "uni_websocket.write_timeout": "client.queue_max_size bounds slow clients; remove it",
    "unified_proxy": NO_PROXY,
    "usage_stats": "nothing is ever reported to anybody; remove it",
    "websocket.compression": NO_COMPRESSION,
    "websocket.compression_level": NO_COMPRESSION,
    "websocket.compression_min_size": NO_COMPRESSION,
    "websocket.read_buffer_size": NOT_NEEDED,
    "websocket.use_write_buffer_pool": NOT_NEEDED,
    "websocket.write_buffer_size": NOT_NEEDED,
    "websocket.write_timeout": "client.queue_max_size bounds slow clients; remove it",
    "webtransport": "use http_stream or sse where WebSocket is blocked, and remove it",
}


def advice_for(key: str) -> str | None:
    """Return what to do about an option of Centrifugo's; None if it has no such option, either."""
    key = re.sub(r"^channel\.(namespaces\[\w+\]|without_namespace)\.", "channel.namespaces.", key)
    while key:
        if key in ADVICE:
            return ADVICE[key]
        key = key.rpartition(".")[0]
    return None


def advice_for_variable(name: str) -> str | None:
    """Return what to do about an environment variable, by its name without the prefix."""
    for key, advice in ADVICE.items():
        variable = key.replace(".", "_").upper()
        if name == variable or name.startswith(f"{variable}_"):
            return advice
    return None
