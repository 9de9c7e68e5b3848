"""How the doors say no: what cannot be read, in words that never repeat a cell; refusals and failures as RFC 9457 problem details."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import ValidationError

from domain.label import SERIAL
from domain.vocabulary import COMMANDS

MEANINGS: Final = {
    "malformed": "A cell or field cannot be read: no number, no time, an unknown word, empty, or filled where it must be empty.",
    "unknown-party": "It refers to a party that was never accepted.",
    "unknown-plot": "It refers to a plot that was never accepted.",
    "unknown-lot": "It refers to a lot that was never accepted.",
    "unknown-nursery-lot": "It refers to a nursery lot that was never accepted.",
    "unknown-budwood": "It refers to budwood that was never accepted.",
    "unknown-handout": "It refers to a handout of seedlings that was never accepted.",
    "unknown-graft": "It refers to a graft that was never accepted.",
    "unknown-container": "It refers to a container that was never opened, or was emptied.",
    "unknown-label": "It refers to a label that was never printed, or is not of that printing.",
    "unknown-label-key": "It refers to a key for labels that was never opened.",
    "unknown-share": "It refers to a shared dossier that was never opened.",
    "unknown-user": "It refers to a user who was never admitted.",
    "unknown-device": "It refers to a device that was never enrolled.",
    "unknown-entry": "It refers to an entry that is not there, or to one that is no question.",
    "unknown-subject": "It refers to a subject under which nothing is put away.",
    "duplicate-id": "The id was accepted before with other content, or the container is open already.",
    "erased": "The data of this person were erased: nothing is put away for them any more.",
    "bad-geometry": "The boundary is not one simple closed ring, nor a point.",
    "swapped-coordinates": "The positions lie in Peru only when longitude and latitude are exchanged.",
    "outside-region": "A position lies outside Peru.",
    "needs-polygon": "Above 4 hectares a point is not enough: a boundary is needed.",
    "area-mismatch": "The area inside the boundary and the declared area differ by more than a tenth.",
    "bad-container-number": "It is not a container number of ISO 6346, or its check digit is wrong.",
    "bad-quantity": "The quantity is zero, negative or too large, or has too many decimals.",
    "in-the-future": "A time is later than it can be.",
    "before-origin": "A time is earlier than that of something it rests on, or an end is before its start.",
    "not-held": "The beans, the plot or the seedlings are held by somebody else, or both sides are the same.",
    "wrong-form": "The beans are not of the form that this step takes, or the graft is on what is not cacao.",
    "not-annullable": "Users, roles, devices and what is said about entries are neither annulled nor questioned.",
    "overdrawn": "More is asked for than is on hand.",
    "gain": "More kilograms come out than went in, or not as many where they must be equal.",
    "sealed": "The container is sealed already.",
    "not-sealed": "The container is not sealed yet.",
    "empty": "Nothing is loaded in the container.",
    "already": "It was done before, and is not done twice.",
    "rests-on-it": "A later entry rests on it and still counts: the later one is annulled first.",
    "unauthorized": "This needs a session or a token that holds: sign in, or send one.",
    "forbidden": "The role does not allow this, or the token's scopes do not.",
    "cross-site": "This was not sent from a page of this site: open the page here, and send it again.",
    "not-found": "There is nothing here.",
    "method-not-allowed": "This is not done at this address in this way: `Allow` in the answer says what is.",
    "not-json": "What was sent is not JSON in UTF-8.",
    "unsupported-media-type": "What was sent is not of a kind that is read here: JSON is.",
    "full": "There are as many of these as there may be: remove one first.",
    "too-large": "Too much was sent at once.",
    "too-slow": "What was sent did not arrive in time; nothing of it was taken.",
    "too-long": "The address or the headers of the request are too long.",
    "too-much": "The answer would be too large: ask for less.",
    "too-many": "Too many requests came from the same place within a minute. Wait a moment, then send the same again.",
    "busy": "Too many requests are under way. Wait a moment, then send the same again.",
    "unavailable": "The database is out of reach; send the same again with the same ids.",
    "read-only": "The ledger was restored from a backup, and nothing is written until it is compared with what was signed.",
    "failure": "Something went wrong here; nothing that was acknowledged is lost.",
}
"""Code of a refusal or failure -> what it means."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a row or body cannot be read: a sentence with its values apart, so that it can be translated. Holds no cell."""

    template: str
    values: dict[str, str]

    def __str__(self) -> str:
        return self.template.format(**self.values)


_SHAPES: Final = {
    r"^[A-Z0-9-]{1,20}$": "an id of capital letters, digits and hyphens, at most 20",
    r"^[a-z0-9-]{1,20}$": "a book of small letters, digits and hyphens, at most 20",
    r"^[0-9]{6}$": "six digits",
    r"^[0-9]{9}$": "nine digits",
    r"^[0-9]{8}([0-9]{3})?$": "a DNI of 8 digits or a RUC of 11 with its check digit",
    r"^[A-Z]{2}[A-Z2-9]{3}$": "a UN/LOCODE such as NLRTM",
    r"^[0-9]{4,12}$": "4 to 12 digits",
    r"^[0-9]{13}$": "13 digits",
    r"^[0-9]{14}$": "14 digits",
    r"^[0-9]{18}$": "18 digits",
    rf"^{SERIAL}$": "eight digits and capital letters, without I, L, O and U",
    rf"^({SERIAL}|[0-9]{{18}})$": "eight digits and capital letters, without I, L, O and U, or an SSCC",
}
_FIELDS: Final = frozenset(name for schema in COMMANDS.json_schema()["$defs"].values() for name in schema.get("properties", ())) | {
    "season", "as_of", "rows",
}  # fmt: skip
"""Names that may be said back; any other was written by somebody, and may be anything."""
_MOMENT: Final = "a time such as 2026-05-02T10:00:00-05:00"


def unreadable(error: ValidationError) -> Unreadable:
    """The first thing that cannot be read in a body, by its field."""
    first = error.errors(include_url=False, include_input=False)[0]
    location = first["loc"][1:] if len(first["loc"]) > 1 else first["loc"]
    field = ".".join(str(part) if isinstance(part, int) or part in _FIELDS else "a field" for part in location) or "row"
    return _worded(str(first["type"]), field, first.get("ctx", {}), str(first["msg"]))


def _worded(kind: str, field: str, context: dict[str, Any], message: str) -> Unreadable:
    match kind:
        case "missing":
            return Unreadable("{field} is empty: it is needed", {"field": field})
        case "extra_forbidden":
            return Unreadable("{field} must be empty here, or is unknown", {"field": field})
        case "union_tag_invalid" | "union_tag_not_found":
            return Unreadable("what to do is not one of the known commands", {})
        case "literal_error":
            return Unreadable("{field}: wanted one of {allowed}", {"field": field, "allowed": str(context["expected"]).replace("'", "")})
        case "string_pattern_mismatch":
            return Unreadable("{field}: wanted {shape}", {"field": field, "shape": _SHAPES.get(str(context["pattern"]), _MOMENT)})
        case "string_too_long" | "too_long":
            return Unreadable("{field}: longer than {most}", {"field": field, "most": str(context["max_length"])})
        case "too_short":
            return Unreadable("{field}: {found} given, at least {least} wanted", _counted(field, context))
        case "value_error":
            return Unreadable("{field}: {why}", {"field": field, "why": _why(message)})
        case _:
            return Unreadable("{field} cannot be read", {"field": field})


def _counted(field: str, context: dict[str, Any]) -> dict[str, str]:
    return {"field": field, "found": str(context["actual_length"]), "least": str(context["min_length"])}


def _why(message: str) -> str:
    """Our own validators' words; a date that does not exist is said without repeating it."""
    why = message.removeprefix("Value error, ")
    ours = ("wanted", "a text", "a lot", "a clone")
    return why if why.startswith(ours) else f"wanted {_MOMENT}"


def problem(status: int, code: str, sentence: str, headers: dict[str, str] | None = None, **further: Any) -> JSONResponse:  # noqa: ANN401
    """RFC 9457 problem details; `type` leads to a page that explains the code."""
    body = {"type": f"/problems/{code}", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": sentence, **further}
    return JSONResponse(body, status, headers, media_type="application/problem+json")
