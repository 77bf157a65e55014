"""What did a source say, back then? Plays a recording as if it were the source.

`recording` is the format, `player` the collector, `script` makes a recording in a few lines of a test, and `record`
makes one from a real source: `python -m collectors.replay.record --help`.
"""

from collectors.replay.player import Player, ReplaySettings, plugin
from collectors.replay.recording import Frame, MalformedRecording, Recorded, Recording, read, write
from collectors.replay.script import Script, document

__all__ = [
    "Frame",
    "MalformedRecording",
    "Player",
    "Recorded",
    "Recording",
    "ReplaySettings",
    "Script",
    "document",
    "plugin",
    "read",
    "write",
]
