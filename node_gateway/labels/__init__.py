"""Labels: symbols that are decoded back before they are printed, at their true size.

`media` and `contents` say what may stand on a label, `symbols` makes the modules and reads them
back, `layout` places them, `pdf`, `svg`, `raster`, `zpl` and `table` write it. These are pure.
`choosing`, `judging`, `printing` and `jobs` are the use cases.
"""
