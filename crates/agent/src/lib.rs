//! Each coding agent's flags, environment, event stream, limits and prices.
