"""What is stuck on a sack or a door: `link` and `signed` are what its code says, `sheet` and `label` lay it out on `paper`.

`marks` is what is drawn, by `svg`, `pdf` and `raster`; `job` draws thousands, as a `book` (PDF) or for label printers (`zpl`).
"""
