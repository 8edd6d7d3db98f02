"""One asyncio loop each: power, hotspot, playback, outbox."""
