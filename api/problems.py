"""How the doors say no: what cannot be read, in words that never repeat a cell; refusals and failures as RFC 9457 problem details."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import ValidationError

from domain.vocabulary import COMMANDS


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
