"""The policy of a bot as a plan: one turn, from what was understood to the answers."""

from __future__ import annotations

from gatelet import plan
from gatelet.chat.policy import Policy
from gatelet.nn.planning import dense, recurrent


def plan_of(policy: Policy) -> plan.Plan:
    """The plan of a policy.

    A step reads a `turn`: the probabilities of the intents, for each slot whether it is filled and whether this turn
    has filled it, and which answer was the last one. It writes the probabilities of the `answers`.
    """
    coder = policy.coder
    operations = [
        *recurrent(policy.network.recurrent, "turn", "h"),
        dense(policy.network.out, "h", "scores"),
        plan.Softmax("scores", "answers"),
    ]
    features = {
        "kind": "turns",
        "intents": list(coder.intents),
        "slots": list(coder.slots),
        "answers": list(coder.answers),
    }
    turn, answers = plan.Value("turn", (coder.size,)), plan.Value("answers", (len(coder.answers),))
    return plan.Plan("ChatBot", (turn,), tuple(operations), (answers,), features)
