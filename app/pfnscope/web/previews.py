"""Programs that fetch a page to show what a link leads to, in chats and trackers."""

_AGENTS = ("bot", "facebookexternalhit", "whatsapp", "preview", "embed", "mastodon")
"""Parts of their names: Slackbot, Discordbot, TelegramBot, Mattermost-Bot, Synapse (bot; …), ZulipURLPreview, …"""


def makes_previews(agent: str) -> bool:
    """Whether a User-Agent is one of them. They read pages, but most accept */*, as curl does."""
    agent = agent.lower()
    return any(name in agent for name in _AGENTS)
