"""Pass TCP connections on from one address to another, as a site's only way out.

Usage: python -m tests.services.slurm.relay LISTEN_HOST:PORT TARGET_HOST:PORT
"""

import asyncio
import contextlib
import sys

_CHUNK_BYTES = 1 << 16


async def relay(listen: str, target: str) -> None:
    """Serve until the process ends."""
    host, _, port = listen.rpartition(":")
    target_host, _, target_port = target.rpartition(":")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(target_host, int(target_port))
            with contextlib.closing(far_writer):
                await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))

    server = await asyncio.start_server(connected, host, int(port))
    async with server:
        await server.serve_forever()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


if __name__ == "__main__":
    asyncio.run(relay(*sys.argv[1:3]))
