"""What one can see: tables made from the entries, dropped and made again at will.

Read in this order: `view` (what a view is), `follow` (a batch of entries and its position, one commit), `rebuild` (beside,
compare, swap), then one file a view: its tables, its fold, its questions.
"""
