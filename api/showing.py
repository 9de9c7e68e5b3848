"""`cacao demo` at the terminal: what is being done, where to look, and what the local network would see."""

from typing import Final

from pydantic import HttpUrl

from api import people, terminal
from api.demo import Demo, NotADemo, ready
from api.house import House, opened
from api.people import operator
from api.running import free, lan_address, serving
from api.serving import serve
from api.settings import Settings
from labels.qr import blocks

ANYWHERE: Final = "0.0.0.0"  # noqa: S104 - only with --lan, and said so


def show(port: int, *, lan: bool) -> int:
    """Make the demonstration ready, say where to look, serve until stopped. Exit code 2 where it cannot start."""
    settings = Settings()
    if serving(settings):
        terminal.say("cacao: it is running already; `cacao stop` stops it")
        return 2
    host = ANYWHERE if lan else "127.0.0.1"
    if not free(host, port):
        terminal.say(f"cacao: port {port} is in use: choose another with --port")
        return 2
    if "url" not in settings.model_fields_set:
        settings.url = HttpUrl(f"http://{lan_address() if lan else 'localhost'}:{port}")
    with opened(settings) as house:
        try:
            demo = ready(house, terminal.bar)
        except NotADemo as other:
            terminal.say(f"cacao: {other}")
            return 2
        _tell(house, demo, port, lan=lan)
        serve(house, host, port)
    return 0


def _tell(house: House, demo: Demo, port: int, *, lan: bool) -> None:
    base = f"http://localhost:{port}"
    terminal.say(f"\nAbra / open        [bold]{base}/[/]")
    terminal.say(f"Un contenedor      {base}/c/{demo.containers[0]}")
    terminal.say(f"Etiquetas / labels {demo.folder / 'labels'}")
    terminal.say(f"Lo que se escanea  {demo.label}")
    terminal.say(f"Rechazos / refused {demo.folder / 'refused.html'} ({demo.refused})")
    terminal.say(f"Datos / data       {house.settings.folder}   (CACAO_HOME; Ctrl-C o `cacao stop` detiene, los datos quedan)")
    terminal.say("\nEntrar como / sign in as (cada enlace una vez / each link once)")
    for who, user in demo.people.items():
        terminal.say(f"{who:27} {people.invite(house, operator(house), user)}")
    if lan:
        terminal.say("Para entrar hace falta localhost o TLS. Signing in needs localhost or TLS.")
        terminal.say(f"\nEn la red local / on the local network: {house.settings.base}")
        terminal.say("Todos en esta red ven las páginas públicas; sin TLS. Everybody on this network sees the public pages; without TLS.")
        terminal.say(blocks(house.settings.base))
