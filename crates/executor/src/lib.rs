//! Supervised processes: keeper, signals, cgroups, Landlock.
