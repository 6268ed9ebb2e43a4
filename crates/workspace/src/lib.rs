//! Git: mirror, vault, clone, snapshot, squash, push.
