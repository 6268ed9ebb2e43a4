//! Standing still, which version 2 alone can have a cgroup do (cgroups(7), `cgroup.freeze`).

use super::Leaf;

const FILE: &str = "cgroup.freeze";

impl Leaf {
    /// Has all in it stand still; gives whether it can.
    pub(crate) fn freeze(&self) -> bool {
        self.tell_freezer("1")
    }

    /// Has all in it go on; gives whether it can.
    pub(crate) fn thaw(&self) -> bool {
        self.tell_freezer("0")
    }

    fn tell_freezer(&self, word: &str) -> bool {
        self.path().is_some_and(|leaf| std::fs::write(leaf.join(FILE), word).is_ok())
    }
}
