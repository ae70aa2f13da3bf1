"""Vectors as PostgreSQL keeps them.

Written as text, five hundred numbers are printed by us and read again by PostgreSQL, twice a
message. The binary form is a copy: https://github.com/pgvector/pgvector/blob/master/src/vector.c
(``vector_recv``: the number of dimensions, an unused one, then each as a big-endian float4).
"""

import struct
from typing import Any

import numpy as np
import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = struct.Struct("!HH")


class Point(bytes):
    """A vector to be filled into a statement, where the SQL says that it is one (``::vector``)."""

    @classmethod
    def of(cls, numbers: Any) -> "Point":
        """``numbers`` is a row of floats, as embedders give it."""
        row = np.asarray(numbers, dtype=">f4")
        return cls(_HEAD.pack(row.size, 0) + row.tobytes())


class PointDumper(Dumper):
    """Sends it as it is. Its type has another number in each database: the statement tells it."""

    format = Format.BINARY

    def dump(self, obj: Point) -> bytes:
        return obj


psycopg.adapters.register_dumper(Point, PointDumper)
