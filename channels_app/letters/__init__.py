"""What died on its way in or out, for the dead letters' screen."""

from channels_app.letters.inbound import InboundBox, UnsupportedBox
from channels_app.letters.outbound import OutboundBox
from channels_app.letters.unrouted import UnroutedBox

__all__ = ["InboundBox", "OutboundBox", "UnroutedBox", "UnsupportedBox"]
