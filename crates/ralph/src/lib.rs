//! The loop: prompt, iterate, remember, gate, budget.
