"""For servers under load: a client that asks as fast as it is answered, over one connection, and a ROOT to serve."""

from __future__ import annotations

import asyncio
import gzip
import json
from decimal import Decimal
from typing import NamedTuple

from roots import small

LOST = (ConnectionError, asyncio.IncompleteReadError)
"""What becomes of a client whose server was killed."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def tag(self):
        """The version that its ETag names."""
        return self.headers["etag"].strip('"').removesuffix("-gzip")

    def json(self):
        return json.loads(self.body, parse_float=Decimal)


class Client:
    """One connection, made again where it was lost."""

    def __init__(self, port):
        self.port = port
        self._streams = None

    async def ask(self, method, path, body=None, **headers):
        """The answer, unpacked; raises one of LOST."""
        data = b"" if body is None else json.dumps(body, default=float).encode()
        told = {"host": "localhost", "content-length": len(data), "content-type": "application/json"} | headers
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self._streams
            writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
            return await _answer(reader)
        except LOST:
            self.close()
            raise

    def close(self):
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def _answer(reader):
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return Answer(int(first.split()[1]), headers, body)


def many_named(number):
    return f"{('azure', 'cohere', 'deepseek', 'openai')[number % 4]}/m-{number:03}"


def five_hundred(root):
    """A ROOT of 500 rows."""
    many = "".join(
        f"  {many_named(number)}: {{provider: {many_named(number).partition('/')[0]}, mode: chat,"
        " pricing: {observed: 2026-06-01, input_per_token: 0.000001, output_per_token: 0.000002}}\n"
        for number in range(493)
    )
    (small(root) / "v1" / "models" / "many.yaml").write_text(f"updated: 2026-06-01\nmodels:\n{many}")
    return root
