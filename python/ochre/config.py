"""Settings, under Chroma's names."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

from .errors import InvalidArgumentError

DEFAULT_TENANT = "default_tenant"
DEFAULT_DATABASE = "default_database"

# Chroma's fields that say how its own programs work, with nothing of ours to set. Taken, so that programs keep running.
_WITHOUT_MEANING = frozenset((
    "anonymized_telemetry", "chroma_api_impl", "chroma_product_telemetry_impl", "chroma_telemetry_impl",
    "chroma_memory_limit_bytes", "chroma_segment_cache_policy", "chroma_server_cors_allow_origins",
    "chroma_server_nofile", "chroma_server_thread_pool_size", "chroma_db_impl", "environment", "migrations",
    "migrations_hash_algorithm", "chroma_sysdb_impl", "chroma_producer_impl", "chroma_consumer_impl",
    "chroma_segment_manager_impl", "chroma_logservice_host", "chroma_logservice_port", "tenant_id", "topic_namespace",
))


class Settings:
    """What a client may be told; other names are refused (InvalidArgumentError), but for those of Chroma that have
    nothing to set here, which are ignored.

    ``allow_reset``: whether ``client.reset()`` may delete everything (or set ALLOW_RESET=TRUE in the environment).
    ``is_persistent`` and ``persist_directory``: what ``Client(settings)`` opens. The rest is of ``HttpClient``:
    ``chroma_server_host``, ``chroma_server_http_port``, ``chroma_server_ssl_enabled``, ``chroma_server_headers``,
    ``chroma_client_auth_provider`` (a token or basic authentication, by Chroma's class names) with
    ``chroma_client_auth_credentials``, and ``chroma_auth_token_transport_header``.
    """

    def __init__(self, **fields: Any) -> None:
        self.allow_reset: bool = os.environ.get("ALLOW_RESET", "").lower() in ("1", "true")
        self.is_persistent: bool = False
        self.persist_directory: str = "./chroma"
        self.chroma_server_host: Optional[str] = None
        self.chroma_server_http_port: Optional[int] = None
        self.chroma_server_ssl_enabled: bool = False
        self.chroma_server_headers: Optional[Dict[str, str]] = None
        self.chroma_client_auth_provider: Optional[str] = None
        self.chroma_client_auth_credentials: Optional[str] = None
        self.chroma_auth_token_transport_header: Optional[str] = None
        known = set(vars(self))
        for name, value in fields.items():
            if name not in known | _WITHOUT_MEANING:
                raise InvalidArgumentError(f"Settings have no {name!r}; known are {', '.join(sorted(known))}")
            setattr(self, name, value)

    def __repr__(self) -> str:
        shown = {name: "..." if "credentials" in name and value else value for name, value in vars(self).items()}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"
