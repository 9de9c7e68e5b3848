"""What is true of cacao: the words, the facts and the rules, without I/O, clock or log.

Read in this order: `values` (the words), `party`, `nursery`, `graft`, `plot` (with `geometry`), `lot`, `step`, `offer`, `container`,
`money`, `user`, `device`, `erasure`, `annulment`, `question`, then `vocabulary`, which is the union of all commands and all facts.

GLOSSARY holds the words of the trade; the same words stand in code, facts, interface and pages.
"""

from typing import Final

GLOSSARY: Final[dict[str, tuple[str, str]]] = {
    "party": ("parte", "a person or organisation that grows, holds, buys or hands out"),
    "amendment": ("rectificación", "a party's new name, document or phone in place of the old"),
    "plot": ("parcela", "a piece of land under cacao, held by one party"),
    "resurvey": ("nuevo levantamiento", "a plot's boundary measured again"),
    "transfer": ("traspaso", "a plot passed on to another holder"),
    "district": ("distrito", "an administrative district of Peru, six digits of INEI"),
    "nursery lot": ("lote de vivero", "seedlings of one species raised together in one nursery"),
    "handout": ("entrega de plantones", "seedlings given to a party for one plot"),
    "return": ("devolución", "seedlings brought back against a handout"),
    "clone": ("clon", "a variety of cacao that is spread by grafting"),
    "budwood": ("varas yemeras", "sticks cut from grown trees of one clone; one stick gives at most three buds"),
    "mother plot": ("parcela madre", "the plot from whose trees budwood was cut"),
    "graft": ("injerto", "buds set on handed-out cacao rootstock standing on a plot"),
    "harvest": ("cosecha", "wet beans picked from one plot; it makes a wet lot"),
    "lot": ("lote", "beans of one form in one holder's hands, drawn from until nothing is left"),
    "form": ("estado del grano", "wet (en baba), fermented (fermentado) or dry (seco)"),
    "holder": ("tenedor", "the party that holds a lot, a plot or a container"),
    "buy": ("compra", "a sale: beans of one seller become one new lot of the buyer"),
    "ferment": ("fermentación", "wet beans become fermented beans"),
    "dry": ("secado", "wet or fermented beans become dry beans"),
    "blend": ("mezcla", "two or more lots of one form become one"),
    "split": ("fraccionamiento", "a part of one lot becomes a lot of its own"),
    "offer": ("oferta", "a lot shown to one party that may buy it"),
    "inspection": ("prueba de corte", "a cut test of 300 beans"),
    "loss": ("merma", "kilograms that left a lot: spoiled, stolen, sample or shrinkage"),
    "container": ("contenedor", "a freight container by its ISO 6346 number"),
    "stuffing": ("llenado", "one voyage's filling of a container, from opening to emptying"),
    "seal": ("precinto", "the numbered seal that closes a stuffed container"),
    "origin share": ("participación de origen", "the exact fraction of a lot or container that came from a plot"),
    "price": ("precio", "soles a kilogram that a holder pays for beans of one form, from a moment on"),
    "premium": ("prima", "percent on top of a price, by its name"),
    "advance": ("adelanto", "soles paid ahead of beans"),
    "payment": ("pago", "soles paid for beans"),
    "user": ("usuario", "a person who uses the system"),
    "role": ("rol", "what a user may do, for an organisation or for the house"),
    "device": ("dispositivo", "what a user signs in with: a passkey, a link, a token or another house's word"),
    "annulment": ("anulación", "an entry that was a mistake no longer counts; it stays in the history"),
    "question": ("objeción", "a doubt about an entry; all downstream shows it until it is dismissed"),
    "subject": ("titular", "a random id under which what is known of one person is put away, and can be erased"),
    "book": ("libro", "an organisation's numbering; ids are unique within a book"),
    "command": ("orden", "what one asks the ledger to accept"),
    "fact": ("hecho", "what has happened; never changed, never removed"),
    "entry": ("asiento", "a fact in its envelope, as bytes, at a position"),
    "position": ("posición", "the number of an entry in the ledger, counted from 1 without gaps"),
    "refusal": ("rechazo", "a command not accepted: a code and a sentence; nothing is changed"),
    "repeat": ("repetición", "a command accepted before with the same content; nothing is appended"),
    "view": ("vista", "tables made from the entries, dropped and made again at will"),
}
"""English word -> (Spanish word, meaning)."""
