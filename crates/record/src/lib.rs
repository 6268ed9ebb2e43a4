//! The files of a run directory and of stats.jsonl: writers, readers, tailers.
