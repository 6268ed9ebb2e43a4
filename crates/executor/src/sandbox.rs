//! What of the file system a job may touch: an allow-list that Landlock enforces.
//!
//! Landlock's interface and what each version of it can do:
//! <https://docs.kernel.org/userspace-api/landlock.html>. Known holes: pathname unix sockets before
//! version 9, and metadata (stat, chmod, chown, access times), which it does not govern.

use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use serde::{Deserialize, Serialize};

use crate::sys;

/// The version of Landlock from which on a sandbox counts: it governs truncation as well.
const NEEDED: u32 = 3;
/// The newest version whose rights are asked for, where the kernel has them.
const NEWEST: ABI = ABI::V9;

/// An allow-list of paths. Everything else can be neither read nor written nor executed.
///
/// Paths are absolute. Those that do not exist when the job starts are skipped; symbolic links are followed then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Files and directories, with all below them, to read and to execute.
    pub read: Vec<PathBuf>,
    /// Files and directories, with all below them, to read, execute and change. Devices can be
    /// made in none of them.
    pub write: Vec<PathBuf>,
}

impl Sandbox {
    /// Adds a path to read.
    #[must_use]
    pub fn reading(mut self, path: impl Into<PathBuf>) -> Self {
        self.read.push(path.into());
        self
    }

    /// Adds a path to read and to write.
    #[must_use]
    pub fn writing(mut self, path: impl Into<PathBuf>) -> Self {
        self.write.push(path.into());
        self
    }
}

/// What this kernel's Landlock can do for a sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxSupport {
    /// Everything that herder asks for.
    Full {
        /// The version of the interface.
        abi: u32,
    },
    /// Enough to count; some things are not governed.
    Partial {
        /// The version of the interface.
        abi: u32,
        /// What is not governed.
        missing: Vec<String>,
    },
    /// Too little to count: jobs with a sandbox are refused.
    Insufficient {
        /// The version of the interface.
        abi: u32,
    },
    /// No Landlock: jobs with a sandbox are refused.
    Absent {
        /// Why, in the system's words.
        reason: String,
    },
}

impl SandboxSupport {
    /// What this kernel can do.
    pub fn detect() -> Self {
        match sys::landlock_abi() {
            Ok(abi) => Self::of(abi),
            Err(error) => Self::Absent { reason: error.to_string() },
        }
    }

    /// What a version of the interface can do.
    fn of(abi: u32) -> Self {
        const FEATURES: [(u32, &str); 3] = [
            (5, "device ioctls"),
            (6, "signals and abstract unix sockets to processes outside"),
            (9, "unix sockets in the file system"),
        ];
        if abi < NEEDED {
            return Self::Insufficient { abi };
        }
        let missing: Vec<String> =
            FEATURES.iter().filter(|(since, _)| abi < *since).map(|(_, what)| (*what).to_owned()).collect();
        if missing.is_empty() { Self::Full { abi } } else { Self::Partial { abi, missing } }
    }

    /// Whether jobs with a sandbox can be started.
    pub fn is_sufficient(&self) -> bool {
        match self {
            Self::Full { .. } | Self::Partial { .. } => true,
            Self::Insufficient { .. } | Self::Absent { .. } => false,
        }
    }
}

/// A sandbox's rules, ready to be applied to a process.
pub(crate) struct Rules(RulesetCreated);

impl Rules {
    /// Opens all paths and makes the rules. `streams` are the job's own standard streams: what is
    /// open already may be opened again through /dev/stderr and the like.
    pub(crate) fn build(sandbox: &Sandbox, streams: &[impl AsFd]) -> Result<Self, RulesetError> {
        let ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V3))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .scope(Scope::AbstractUnixSocket | Scope::Signal)?
            .create()?
            .add_rules(path_beneath_rules(&sandbox.read, AccessFs::from_read(NEWEST)))?
            .add_rules(path_beneath_rules(&sandbox.write, writable()))?;
        let reopenable = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
        let mut streams = streams.iter().filter(is_regular_file);
        streams
            .try_fold(ruleset, |rules, stream| rules.add_rule(PathBeneath::new(stream.as_fd(), reopenable)))
            .map(Self)
    }

    /// Restricts the calling process and all that it starts, for good.
    pub(crate) fn apply(self) -> io::Result<()> {
        let status = self.0.restrict_self().map_err(|_| io::Error::last_os_error())?;
        match status.ruleset {
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
            RulesetStatus::NotEnforced => Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP)),
        }
    }
}

fn writable() -> BitFlags<AccessFs> {
    AccessFs::from_all(NEWEST) & !(AccessFs::MakeChar | AccessFs::MakeBlock)
}

fn is_regular_file(stream: &&impl AsFd) -> bool {
    let kind = |stat: rustix::fs::Stat| rustix::fs::FileType::from_raw_mode(stat.st_mode);
    rustix::fs::fstat(stream).map(kind).is_ok_and(rustix::fs::FileType::is_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_without_truncation_rights_does_not_count() {
        assert_eq!(SandboxSupport::of(2), SandboxSupport::Insufficient { abi: 2 });
        assert!(!SandboxSupport::of(2).is_sufficient());
        assert!(!SandboxSupport::Absent { reason: String::new() }.is_sufficient());
    }

    #[test]
    fn what_an_older_kernel_lacks_is_named() {
        let SandboxSupport::Partial { abi: 5, missing } = SandboxSupport::of(5) else {
            panic!("not partial")
        };
        assert_eq!(missing.len(), 2);
        assert!(missing[0].contains("signals"), "{missing:?}");
        assert_eq!(SandboxSupport::of(9), SandboxSupport::Full { abi: 9 });
    }

    #[test]
    fn devices_cannot_be_made_anywhere() {
        assert!(!writable().intersects(AccessFs::MakeChar | AccessFs::MakeBlock));
        assert!(writable().contains(AccessFs::MakeReg | AccessFs::Truncate));
    }
}
