"""Models as streams: frames in, outputs out, one after the other, with a state that can be saved; no torch.

from gatelet.stream import Session

session = Session("gatelet-model")
output = session.push(frame)
"""

from gatelet.stream.session import Session, SessionPool

__all__ = ["Session", "SessionPool"]
