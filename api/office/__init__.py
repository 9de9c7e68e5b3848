"""The office: pages on which an organisation's people do their day's work, complete without script."""
