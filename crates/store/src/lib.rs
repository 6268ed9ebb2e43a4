//! SQLite: journal of events, outbox of effects, goals, runs and the ledger.
