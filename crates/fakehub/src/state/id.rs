//! Names of things that never change: the number that REST shows and the node id that GraphQL shows.

use std::fmt;

/// The `id` of a REST answer; the `node_id` is made of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u64);

/// The kinds of nodes that have an id in GraphQL, as the letters before the underscore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// `R_`
    Repository,
    /// `U_`
    User,
    /// `I_`
    Issue,
    /// `PR_`
    Pull,
    /// `LA_`
    Label,
    /// `IC_`
    Comment,
    /// `PRR_`
    Review,
    /// `PRRC_`
    ReviewComment,
    /// `CR_`
    CheckRun,
    /// `CS_`
    CheckSuite,
    /// `SC_`
    Status,
    /// `EV_`; GitHub has letters for each kind of event.
    Event,
    /// `REF_`
    Ref,
    /// `C_`
    Commit,
    /// `MQ_`
    MergeQueue,
    /// `MQE_`
    QueueEntry,
    /// `A_`
    App,
    /// `RRS_`
    Ruleset,
    /// `BPR_`
    Protection,
}

impl NodeKind {
    /// All kinds.
    pub const ALL: [NodeKind; 19] = [
        NodeKind::Repository,
        NodeKind::User,
        NodeKind::Issue,
        NodeKind::Pull,
        NodeKind::Label,
        NodeKind::Comment,
        NodeKind::Review,
        NodeKind::ReviewComment,
        NodeKind::CheckRun,
        NodeKind::CheckSuite,
        NodeKind::Status,
        NodeKind::Event,
        NodeKind::Ref,
        NodeKind::Commit,
        NodeKind::MergeQueue,
        NodeKind::QueueEntry,
        NodeKind::App,
        NodeKind::Ruleset,
        NodeKind::Protection,
    ];

    /// The letters.
    #[must_use]
    pub fn letters(self) -> &'static str {
        match self {
            NodeKind::Repository => "R",
            NodeKind::User => "U",
            NodeKind::Issue => "I",
            NodeKind::Pull => "PR",
            NodeKind::Label => "LA",
            NodeKind::Comment => "IC",
            NodeKind::Review => "PRR",
            NodeKind::ReviewComment => "PRRC",
            NodeKind::CheckRun => "CR",
            NodeKind::CheckSuite => "CS",
            NodeKind::Status => "SC",
            NodeKind::Event => "EV",
            NodeKind::Ref => "REF",
            NodeKind::Commit => "C",
            NodeKind::MergeQueue => "MQ",
            NodeKind::QueueEntry => "MQE",
            NodeKind::App => "A",
            NodeKind::Ruleset => "RRS",
            NodeKind::Protection => "BPR",
        }
    }
}

impl Id {
    /// The node id of this number.
    #[must_use]
    pub fn node(self, kind: NodeKind) -> String {
        format!("{}_kwDO{:08x}", kind.letters(), self.0)
    }

    /// What a node id names; `None` for what is none of ours.
    #[must_use]
    pub fn parse(node: &str) -> Option<(NodeKind, Id)> {
        let (letters, number) = node.split_once("_kwDO")?;
        let kind = NodeKind::ALL.into_iter().find(|kind| kind.letters() == letters)?;
        Some((kind, Id(u64::from_str_radix(number, 16).ok()?)))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_id_leads_back_to_its_thing() {
        for kind in NodeKind::ALL {
            assert_eq!(Id::parse(&Id(4711).node(kind)), Some((kind, Id(4711))));
        }
        assert_eq!(Id::parse("nonsense"), None);
    }
}
