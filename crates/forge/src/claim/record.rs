//! What stands in a claim and in a lease: a commit's message, a sentence for people and a line of JSON for us.

use std::fmt;
use std::str::FromStr;

use herder_domain::repo::Number;
use herder_domain::run::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest name of an orchestrator, in bytes.
const OWNER_MAX: usize = 80;

/// An orchestrator's name: the same as long as its state directory lives, and no other's. It is part of a ref's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Owner(String);

impl Owner {
    /// A name made of a text: what a name may not have becomes `-`, what is too long is left out.
    pub fn plain(text: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = text.chars().map(plain).take(OWNER_MAX).collect();
        Self(if name.is_empty() { "herder".to_owned() } else { name })
    }
}

/// Why a text is not an orchestrator's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use {text:?} as an orchestrator's name: it has letters, digits and `-` only, at most {OWNER_MAX}")]
pub struct BadOwner {
    text: String,
}

impl FromStr for Owner {
    type Err = BadOwner;

    fn from_str(text: &str) -> Result<Self, BadOwner> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Owner {
    type Error = BadOwner;

    fn try_from(text: String) -> Result<Self, BadOwner> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_name = (1..=OWNER_MAX).contains(&text.len()) && is_plain;
        if is_name { Ok(Self(text)) } else { Err(BadOwner { text }) }
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> String {
        owner.0
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How often a goal's claim has gone to somebody: who comes later has the larger number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(pub u64);

impl Fence {
    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far the owner of a claim is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ClaimState {
    /// At work, or about to be.
    Held,
    /// The work was published: the goal's branch went to this commit in the push that wrote this.
    Submitted {
        /// The commit.
        head: String,
    },
    /// Nobody's any more. It keeps the fencing number.
    Released,
}

/// A claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// The goal.
    pub goal: Number,
    /// Whose it is, or was.
    pub owner: Owner,
    /// Its fencing number.
    pub fence: Fence,
    /// The owner's run. Runs of different owners may have the same name.
    pub run: RunId,
    /// Where the goal's branch was last put, by this owner or one before: who takes the goal over may put work of its
    /// own in place of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// How far it is.
    #[serde(flatten)]
    pub state: ClaimState,
}

/// A lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRecord {
    /// Whose.
    pub owner: Owner,
    /// Until when its claims hold, on the server's clock.
    pub until: Timestamp,
    /// Who has broken it, once it had ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Broken>,
}

/// How a lease came to be broken. No two are alike, so that each is a commit of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// By whom.
    pub by: Owner,
    /// The goal that was taken over.
    pub goal: Number,
    /// Its new fencing number.
    pub fence: Fence,
}

/// Why a ref's message says nothing: somebody else wrote it, or a newer herder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("understand {name}: {why}")]
pub struct BadRecord {
    /// The ref.
    pub name: String,
    /// What is wrong with it.
    pub why: String,
}

impl ClaimRecord {
    /// The message of the commit.
    pub fn text(&self) -> String {
        let Self { goal, owner, fence, .. } = self;
        let does = match &self.state {
            ClaimState::Held => "works on",
            ClaimState::Submitted { .. } => "has published work on",
            ClaimState::Released => "has let go of",
        };
        message(&format!("herder: {owner} {does} #{goal} ({fence})"), self)
    }

    /// Reads the message of the ref `name`.
    ///
    /// # Errors
    /// It is none of ours.
    pub fn parse(name: &str, text: &str) -> Result<Self, BadRecord> {
        parse(name, text)
    }
}

impl LeaseRecord {
    /// The message of the commit.
    pub fn text(&self) -> String {
        let does = if self.broken.is_some() { "held" } else { "hold" };
        message(&format!("herder: the claims of {} {does} until {}", self.owner, self.until), self)
    }

    /// Reads the message of the ref `name`.
    ///
    /// # Errors
    /// It is none of ours.
    pub fn parse(name: &str, text: &str) -> Result<Self, BadRecord> {
        parse(name, text)
    }
}

fn message<T: Serialize>(sentence: &str, record: &T) -> String {
    // Names, numbers and times: there is nothing in them that JSON could not say.
    let json = serde_json::to_string(record).unwrap_or_default();
    format!("{sentence}\n\n{json}\n")
}

fn parse<'a, T: Deserialize<'a>>(name: &str, text: &'a str) -> Result<T, BadRecord> {
    let line = text.trim_end().lines().next_back().unwrap_or_default();
    serde_json::from_str(line)
        .map_err(|error| BadRecord { name: name.to_owned(), why: format!("column {}", error.column()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written() {
        let owner: Owner = "night-1a2b".parse().unwrap();
        let run = RunId::try_from("app-7-1-00ff00".to_owned()).unwrap();
        for state in [ClaimState::Held, ClaimState::Submitted { head: "ab".into() }, ClaimState::Released] {
            let (owner, run) = (owner.clone(), run.clone());
            let claim = ClaimRecord {
                goal: Number(7),
                owner,
                fence: Fence(3),
                run,
                published: Some("ab".into()),
                state,
            };
            assert_eq!(ClaimRecord::parse("x", &claim.text()), Ok(claim.clone()), "{}", claim.text());
        }
        let broken = Broken { by: owner.clone(), goal: Number(7), fence: Fence(2) };
        for broken in [None, Some(broken)] {
            let lease = LeaseRecord { owner: owner.clone(), until: Timestamp::UNIX_EPOCH, broken };
            assert_eq!(LeaseRecord::parse("x", &lease.text()), Ok(lease));
        }
    }

    #[test]
    fn what_stands_in_a_claim_is_pinned_because_other_versions_read_it() {
        let text = "herder: night-1a2b has published work on #7 (3)\n\n{\"goal\":7,\"owner\":\"night-1a2b\",\
                    \"fence\":3,\"run\":\"app-7-1-00ff00\",\"state\":\"submitted\",\"head\":\"ab\"}\n";
        assert_eq!(ClaimRecord::parse("x", text).unwrap().text(), text);
        let error = ClaimRecord::parse("refs/herder/claims/7", "a person's words").unwrap_err().to_string();
        assert_eq!(error, "understand refs/herder/claims/7: column 1");
    }

    #[test]
    fn an_orchestrators_name_is_part_of_a_refs_name() {
        assert_eq!(Owner::plain("a.b/c").to_string(), "a-b-c");
        assert!(String::from(Owner::plain(&"?".repeat(99))).parse::<Owner>().is_ok());
        for bad in ["", "a b", "a/b", "..", "a.lock", &"a".repeat(81)] {
            assert!(bad.parse::<Owner>().is_err(), "{bad:?}");
        }
    }
}
