"""What one can see: tables made from the entries, dropped and made again at will.

Read in this order: `view` (what a view is), `follow` (a batch of entries and its position, one commit), `entity` (a row that later
facts change), `rebuild` (beside, compare, swap), `past` (the record as it stood), then one file a view: its tables, its fold, its
questions.
"""
