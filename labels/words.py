"""What labels say, in Spanish and the languages of those who buy: a label speaks Spanish and, smaller, one more."""

from typing import Final, Literal, NamedTuple

Tongue = Literal["es", "en", "de", "fr", "it", "nl"]
SECOND: Final[tuple[Tongue, ...]] = ("en", "de", "fr", "it", "nl", "es")
"""What may stand beside the Spanish; `es` means that nothing does."""
WORDS: Final[dict[str, dict[str, str]]] = {
    "es": {
        "sack": "Saco de cacao", "pallet": "Paleta de cacao", "sample": "Muestra de cacao", "container": "Contenedor de cacao",
        "card": "Tarjeta de productor", "scan": "Escanee para ver el origen", "show": "Muéstrela al vender su cacao",
        "seal": "Precinto", "unsealed": "sin precinto", "weight": "Peso neto", "printed": "Impresa", "label": "Etiqueta", "by": "De",
        "draft": "BORRADOR", "here": "Esta dirección solo funciona en esta computadora",
        "signed": "Firmada (clave {kid}). Sin red la comprueba un teléfono que ya abrió esta dirección.",
    },
    "en": {
        "sack": "Sack of cocoa", "pallet": "Pallet of cocoa", "sample": "Sample of cocoa", "container": "Container of cocoa",
        "card": "Farmer's card", "scan": "Scan to see the origin", "show": "Show it when you sell cocoa",
        "seal": "Seal", "unsealed": "not sealed", "weight": "Net weight", "printed": "Printed", "label": "Label", "by": "From",
        "draft": "DRAFT", "here": "This address works only on this computer",
        "signed": "Signed (key {kid}). Offline, a phone that has opened this address before checks it.",
    },
    "de": {
        "sack": "Sack Kakao", "pallet": "Palette Kakao", "sample": "Muster Kakao", "container": "Container Kakao",
        "card": "Erzeugerkarte", "scan": "Scannen: Herkunft sehen", "show": "Beim Verkauf vorzeigen",
        "seal": "Siegel", "unsealed": "nicht versiegelt", "weight": "Nettogewicht", "printed": "Gedruckt", "label": "Etikett", "by": "Von",
        "draft": "ENTWURF", "here": "Diese Adresse geht nur auf diesem Rechner",
        "signed": "Signiert (Schlüssel {kid}). Ohne Netz prüft sie ein Telefon, das diese Adresse schon geöffnet hat.",
    },
    "fr": {
        "sack": "Sac de cacao", "pallet": "Palette de cacao", "sample": "Échantillon de cacao", "container": "Conteneur de cacao",
        "card": "Carte de producteur", "scan": "Scannez pour voir l'origine", "show": "À présenter à la vente",
        "seal": "Scellé", "unsealed": "non scellé", "weight": "Poids net", "printed": "Imprimée", "label": "Étiquette", "by": "De",
        "draft": "BROUILLON", "here": "Cette adresse ne marche que sur cet ordinateur",
        "signed": "Signée (clé {kid}). Hors ligne, un téléphone qui a déjà ouvert cette adresse la vérifie.",
    },
    "it": {
        "sack": "Sacco di cacao", "pallet": "Pallet di cacao", "sample": "Campione di cacao", "container": "Container di cacao",
        "card": "Tessera del produttore", "scan": "Scansiona: vedi l'origine", "show": "Da mostrare alla vendita",
        "seal": "Sigillo", "unsealed": "non sigillato", "weight": "Peso netto", "printed": "Stampata", "label": "Etichetta", "by": "Da",
        "draft": "BOZZA", "here": "Questo indirizzo funziona solo su questo computer",
        "signed": "Firmata (chiave {kid}). Senza rete la verifica un telefono che ha già aperto questo indirizzo.",
    },
    "nl": {
        "sack": "Zak cacao", "pallet": "Pallet cacao", "sample": "Monster cacao", "container": "Container cacao",
        "card": "Telerskaart", "scan": "Scan voor de herkomst", "show": "Tonen bij verkoop",
        "seal": "Zegel", "unsealed": "niet verzegeld", "weight": "Nettogewicht", "printed": "Gedrukt", "label": "Etiket", "by": "Van",
        "draft": "CONCEPT", "here": "Dit adres werkt alleen op deze computer",
        "signed": "Ondertekend (sleutel {kid}). Zonder netwerk controleert een telefoon die dit adres al opende.",
    },
}  # fmt: skip
"""Language -> what is said -> words."""


class Pair(NamedTuple):
    """Words in Spanish, and in the label's second language; empty where it has none."""

    first: str
    second: str


def pair(key: str, second: str) -> Pair:
    """What a label says of something, in Spanish and beside it. Raises KeyError for what no label says, or no language of labels."""
    return Pair(WORDS["es"][key], "" if second == "es" else WORDS[second][key])
