"""What Redis runs to append entries."""

import hashlib
from typing import Final

__all__ = ["APPEND", "APPEND_SHA"]

APPEND: Final = b"""
local key, now, prev = KEYS[1], redis.call('TIME'), ''
if redis.call('EXISTS', key) == 1 then
  local info, id, newest = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then id = info[i + 1] end
    if info[i] == 'last-entry' then newest = info[i + 1] end
  end
  prev = id .. '/'
  -- Else nobody has this position: the newest entry was deleted, or is not one of ours.
  if newest and newest[1] == id and newest[2][3] == 'nonce' then prev = prev .. newest[2][4] end
end
local oldest = math.max(0, now[1] * 1000 - ARGV[1])
for i = 2, #ARGV, 2 do
  local id = redis.call('XADD', key, 'MINID', '~', oldest, '*',
    'prev', prev, 'nonce', ARGV[i], 'data', ARGV[i + 1])
  prev = id .. '/' .. ARGV[i]
end
"""
"""Append entries atomically, each with the position of the one before it, and trim by age.

One key: the stream. Arguments: how many milliseconds entries are kept, by the server's clock; then
a nonce and the data for each entry. It is in the way of every revocation, so it does no more.
"""

APPEND_SHA: Final = hashlib.sha1(APPEND, usedforsecurity=False).hexdigest().encode()
"""The name that Redis gives to the script."""
