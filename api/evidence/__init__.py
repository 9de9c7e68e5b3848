"""Evidence to go: entries, proofs, what was sealed, a report, and a verifier that needs only Python, in one zip file."""
