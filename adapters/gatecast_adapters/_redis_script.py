"""What Redis runs to append entries."""

import hashlib
from typing import Final

__all__ = ["APPEND", "APPEND_SHA"]

APPEND: Final = b"""
local key, retention = KEYS[1], tonumber(ARGV[1])

local function position_of(id, entry)
  if entry and entry[1] == id then
    for i = 1, #entry[2], 2 do
      if entry[2][i] == 'nonce' then return id .. '/' .. entry[2][i + 1] end
    end
  end
  -- Nobody has this position: the newest entry was deleted, or is not one of ours.
  return id .. '/'
end

local function tip()
  if redis.call('EXISTS', key) == 0 then return '' end
  local info, found = redis.call('XINFO', 'STREAM', key), {}
  for i = 1, #info, 2 do found[info[i]] = info[i + 1] end
  return position_of(found['last-generated-id'], found['last-entry'])
end

local now = redis.call('TIME')
local oldest = math.max(0, now[1] * 1000 + math.floor(now[2] / 1000) - retention)
local prev = tip()
for i = 2, #ARGV, 2 do
  local id = redis.call('XADD', key, 'MINID', '~', string.format('%.0f', oldest), '*',
    'prev', prev, 'nonce', ARGV[i], 'data', ARGV[i + 1])
  prev = id .. '/' .. ARGV[i]
end
return prev
"""
"""Append entries atomically, each with the position of the one before it, and trim by age.

One key: the stream. Arguments: how many milliseconds entries are kept, by the server's clock; then
a nonce and the data for each entry. Returns the position after the last one.
"""

APPEND_SHA: Final = hashlib.sha1(APPEND, usedforsecurity=False).hexdigest().encode()
"""The name that Redis gives to the script."""
