//! How a repository's own check is materialized, run and cached.
