//! Observe, record, plan, act: the daemon and the embedded local forge.
