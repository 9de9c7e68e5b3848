"""What is stuck on a container: `link` is the address, `qr` and `marks` what is drawn, `sheet` lays it out for `svg`, `pdf`, `raster`."""
