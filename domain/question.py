"""A question: doubt about an entry, which flags everything downstream while it is open or upheld; settled once."""

from typing import Final, Literal

from domain.annulment import AboutEntry, AboutFact, Written, open_to_it, still_counts
from domain.values import Fact, Moment, Refused, States, found, in_time

SETTLED: Final = "question-settled.v1"
Reason = Literal["weight", "origin", "identity", "date", "certificate", "other"]
Outcome = Literal["upheld", "dismissed"]


class QuestionFact(AboutEntry):
    """Say that an entry may be wrong. All lots and containers downstream show it until the question is dismissed."""

    do: Literal["question-fact"] = "question-fact"
    reason: Reason
    questioned_at: Moment


class SettleQuestion(AboutEntry):
    """Settle the question at `position`: upheld, it stays shown downstream; dismissed, it is shown in the history alone."""

    do: Literal["settle-question"] = "settle-question"
    outcome: Outcome
    settled_at: Moment


QuestionCommand = QuestionFact | SettleQuestion


class FactQuestioned(AboutFact):
    kind: Literal["fact-questioned.v1"] = "fact-questioned.v1"
    questioned_kind: str
    reason: Reason
    questioned_at: Moment

    def happened(self) -> Moment:
        return self.questioned_at


class QuestionSettled(AboutFact):
    """`position` is the question's; its tags, `about`, name the questioned entry."""

    kind: Literal["question-settled.v1"] = "question-settled.v1"
    outcome: Outcome
    settled_at: Moment

    def happened(self) -> Moment:
        return self.settled_at


def decide(command: QuestionCommand, states: States, as_of: Moment) -> Fact:
    """The fact that answers `command`. Raises Refused."""
    written = found(states, Written, str(command.position))
    if isinstance(command, SettleQuestion):
        return _settle(command, written, as_of)
    in_time((command.questioned_at,), written.origins(), as_of)
    open_to_it(written)
    still_counts(written)
    return FactQuestioned(
        position=command.position,
        about=written.tags,
        questioned_kind=written.kind(),
        reason=command.reason,
        questioned_at=command.questioned_at,
    )


def _settle(command: SettleQuestion, written: Written, as_of: Moment) -> QuestionSettled:
    if not isinstance(written.fact, FactQuestioned):
        raise Refused("unknown-entry", "entry {id} is not a question", id=command.position)
    in_time((command.settled_at,), written.origins(), as_of)
    if SETTLED in written.about:
        raise Refused("already", "question {id} was settled before", id=command.position)
    return QuestionSettled(position=command.position, about=written.tags, outcome=command.outcome, settled_at=command.settled_at)
