"""The doors: the only place where parts meet. Web, commands, imports, command line and settings.

Read in this order: `settings`, `house` (opens the parts), `cli`, `season` and `imports` (a folder in, answers out), `app`,
`commands` (the door for writing), `pages` (the door for reading).
"""
