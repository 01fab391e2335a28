"""What an incident waits for: kinds of timers, each with the incident or the seat as its subject."""

LADDER = "incident.ladder"
UPDATE_DUE = "incident.update_due"
TRY_AGAIN = "incident.try_again"
OFFER_EXPIRES = "incident.offer_expires"  # its subject is the seat

OF_INCIDENT = (LADDER, UPDATE_DUE, TRY_AGAIN)
