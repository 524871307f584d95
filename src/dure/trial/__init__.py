"""The trial: who is asked what, how answers are scored, and what came of it against today's practice."""
