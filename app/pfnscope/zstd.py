"""zstd as the standard library has it from Python 3.14 on; before, its backport has the same names."""

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import (
        CompressionParameter,
        DecompressionParameter,
        ZstdCompressor,
        ZstdDecompressor,
        ZstdError,
        compress,
        decompress,
    )
else:
    from backports.zstd import (
        CompressionParameter,
        DecompressionParameter,
        ZstdCompressor,
        ZstdDecompressor,
        ZstdError,
        compress,
        decompress,
    )

__all__ = [
    "CompressionParameter",
    "ZstdCompressor",
    "ZstdDecompressor",
    "ZstdError",
    "compress",
    "decompress",
    "decompressor",
]


def decompressor(window_log: int) -> ZstdDecompressor:
    """A decoder of one frame that refuses a window of more than 2**window_log bytes: a frame may want gigabytes."""
    options: dict[int, int] = {DecompressionParameter.window_log_max: window_log}
    return ZstdDecompressor(options=options)
