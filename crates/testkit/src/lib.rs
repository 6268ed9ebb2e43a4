//! Doubles for tests: a scripted model server, scenes, canaries.
