"""Chat bots: YAML in, a bot out that understands, keeps track and answers."""

from gatelet.chat.bot import ChatBot as ChatBot
from gatelet.chat.bot import Reply as Reply
from gatelet.chat.dialogue import Dialogue as Dialogue
