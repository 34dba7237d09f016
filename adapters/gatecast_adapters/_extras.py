"""The message for an adapter whose server is not installed."""

from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["requires_extra"]


@contextmanager
def requires_extra(extra: str) -> Generator[None]:
    """Wrap an adapter's third-party imports, so that a missing one names the extra to install.

    It comes after the adapter's other imports::

        with requires_extra("starlette"):
            from starlette.websockets import WebSocket

            from gatecast_adapters._asgi.handle import AsgiHandle

    Only the adapter itself does this. A module that adapters share imports third parties plainly
    and is imported inside the block, so that the extra named is always the adapter's own.

    Args:
        extra: the name of the extra of the distribution `gatecast` that installs these imports.

    Raises:
        ModuleNotFoundError: a module is not installed. `name` is the missing module's, as ever.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"{error.msg}. This adapter needs an extra: pip install 'gatecast[{extra}]'"
        raise ModuleNotFoundError(message, name=error.name) from error
