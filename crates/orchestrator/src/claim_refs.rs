//! Claims of a repository at its forge: what they say is `forge`'s, how they get there is `workspace`'s.

use std::collections::BTreeMap;

use herder_domain::cause::with_causes;
use herder_domain::repo::Number;
use herder_forge::claim::{Change, ClaimRecord, LeaseRecord, Mark, Owner, Refs, Scope, Seen, View};
use herder_workspace::{
    Bare, CommitId, Identity, RefMove, Signature, UserEnvironment, WorkspaceError, branch_of,
};
use jiff::Timestamp;

/// Where claims are.
const CLAIMS: &str = "refs/herder/claims/";

/// Where leases are.
const LEASES: &str = "refs/herder/leases/";

/// The claims of one repository, by `git push` out of a bare repository of ours: its vault, which has the work that is
/// published with them.
#[derive(Clone, Debug)]
pub struct ClaimRefs {
    /// The repository here.
    pub bare: Bare,
    /// The forge's.
    pub url: String,
    /// With whose token.
    pub user: UserEnvironment,
    /// In whose name.
    pub who: Identity,
}

impl Refs for ClaimRefs {
    fn read(&self, scope: Scope) -> Result<View, String> {
        self.try_read(scope).map_err(|error| with_causes(&error))
    }

    fn push(&self, changes: &[Change]) -> Result<(), String> {
        self.try_push(changes).map_err(|error| with_causes(&error))
    }
}

impl ClaimRefs {
    fn try_read(&self, scope: Scope) -> Result<View, WorkspaceError> {
        let leases = format!("{LEASES}*");
        let patterns = match scope {
            Scope::Goal(goal) => vec![claim_ref(goal), leases, branch_ref(goal)],
            Scope::All => vec![format!("{CLAIMS}*"), leases],
        };
        let refs = self.bare.remote_refs(&self.url, &patterns, &self.user)?;
        let words = refs.iter().filter(|(name, _)| name.starts_with(CLAIMS) || name.starts_with(LEASES));
        let commits: Vec<&CommitId> = words.map(|(_, commit)| commit).collect();
        let messages = self.bare.remote_messages(&self.url, &commits, &self.user)?;
        Ok(view(&refs, &messages, scope))
    }

    fn try_push(&self, changes: &[Change]) -> Result<(), WorkspaceError> {
        let moves: Vec<RefMove> =
            changes.iter().map(|change| self.to_move(change)).collect::<Result<_, _>>()?;
        self.bare.move_remote_refs(&self.url, &moves, &self.user)
    }

    fn to_move(&self, change: &Change) -> Result<RefMove, WorkspaceError> {
        let commit = |mark: &Option<Mark>| mark.as_ref().map(|mark| CommitId::parse(&mark.0)).transpose();
        Ok(match change {
            Change::Claim { old, new } => {
                let old = commit(old)?;
                let made = self.commit(old.as_ref(), &new.text())?;
                RefMove { name: claim_ref(new.goal), old, new: Some(made) }
            }
            Change::Lease { owner, old, new } => {
                let new = new.as_ref().map(|lease| self.commit(None, &lease.text())).transpose()?;
                RefMove { name: format!("{LEASES}{owner}"), old: commit(old)?, new }
            }
            Change::Branch { goal, old, new } => {
                RefMove { name: branch_ref(*goal), old: commit(old)?, new: Some(CommitId::parse(&new.0)?) }
            }
        })
    }

    fn commit(&self, parent: Option<&CommitId>, text: &str) -> Result<CommitId, WorkspaceError> {
        let signature = Signature { who: self.who.clone(), at: Timestamp::now() };
        self.bare.message_commit(parent, text, &signature)
    }
}

fn claim_ref(goal: Number) -> String {
    format!("{CLAIMS}{goal}")
}

fn branch_ref(goal: Number) -> String {
    format!("refs/heads/{}", branch_of(goal.0))
}

/// What the refs of a remote say. A ref of another shape is a person's and not looked at.
fn view(refs: &BTreeMap<String, CommitId>, messages: &BTreeMap<CommitId, String>, scope: Scope) -> View {
    let mut view = View::default();
    for (name, commit) in refs {
        let (mark, text) = (Mark(commit.to_string()), messages.get(commit).map_or("", String::as_str));
        let goal = name.strip_prefix(CLAIMS).and_then(|goal| goal.parse().ok()).map(Number);
        let owner = name.strip_prefix(LEASES).and_then(|owner| owner.parse::<Owner>().ok());
        if let Some(goal) = goal {
            view.claims.insert(goal, Seen { mark, record: ClaimRecord::parse(name, text) });
        } else if let Some(owner) = owner {
            view.leases.insert(owner, Seen { mark, record: LeaseRecord::parse(name, text) });
        } else if let Scope::Goal(goal) = scope
            && *name == branch_ref(goal)
        {
            view.branches.insert(goal, mark);
        }
    }
    view
}
