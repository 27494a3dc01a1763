"""What both sides have words for and is not carried: `docs/fidelity.md` tells of it, and each fails as soon as it works."""

from rig.sayings import CHAT, CONVERSE, RESPONSES

OPENAI = "between OpenAI's two protocols it is named as lost: the neutral request has no member for it"
TIER = "classes of service are named as lost: each supplier has words of its own, and three of them are alike"
KNOWN = {
    ("verbosity", CHAT, RESPONSES): OPENAI,
    ("the key of a cache", CHAT, RESPONSES): OPENAI,
    ("class of service", CHAT, RESPONSES): OPENAI,
    ("class of service", CHAT, CONVERSE): TIER,
    ("class of service", RESPONSES, CONVERSE): TIER,
    ("class of service", CONVERSE, RESPONSES): TIER,
}
