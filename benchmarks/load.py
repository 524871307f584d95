"""A client that keeps connections of a server busy."""

from __future__ import annotations

import asyncio
import re
import time

BUSY = 16  # connections


async def asked(port: int, raw: bytes, count: int, status: int = 200) -> list[float]:
    """Seconds of each of so many requests, the same bytes every time, on connections that are kept."""
    left, spent = iter(range(count)), []
    wanted = f"HTTP/1.1 {status}".encode()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _each in left:
            begun = time.perf_counter()
            writer.write(raw)
            said = await reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"content-length: (\d+)", said, re.IGNORECASE)
            assert said.startswith(wanted), said
            assert found is not None or status == 304, said
            await reader.readexactly(int(found[1]) if found and status != 304 else 0)
            spent.append(time.perf_counter() - begun)
        writer.close()

    await asyncio.gather(*(client() for _each in range(BUSY)))
    return spent
