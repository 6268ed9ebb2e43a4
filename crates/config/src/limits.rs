//! What a run's jobs may take of the machine: the user's word for the repository, else for all, else the usual. A
//! repository has no say: it would take what is others'.

use herder_domain::repo::RepoId;
use herder_domain::setup::Bounds;

use crate::document::Lines;
use crate::error::ConfigError;
use crate::file::UserConfig;
use crate::text::LimitsText;

/// The greatest niceness: sched(7).
const NICE_MAX: u8 = 19;
/// The greatest weight: the kernel's admin-guide/cgroup-v2.
const WEIGHT_MAX: u16 = 10_000;

impl UserConfig {
    /// What jobs of a repository's runs may take; of any repository where none is named.
    pub fn bounds(&self, repo: Option<&RepoId>) -> Bounds {
        let nobody = LimitsText::default();
        let own = self.repo(repo).map_or(&nobody, |(_, table)| &table.limits);
        let (all, usual) = (&self.raw.limits, Bounds::USUAL);
        let mib = own.memory_mib.or(all.memory_mib);
        Bounds {
            nice: own.nice.or(all.nice).unwrap_or(usual.nice),
            memory: mib.map(|mib| u64::from(mib.get()) << 20).or(usual.memory),
            processes: own.processes.or(all.processes).map(|most| most.get()).or(usual.processes),
            cpu_weight: own.cpu_weight.or(all.cpu_weight).map(|weight| weight.get()).or(usual.cpu_weight),
            io_weight: own.io_weight.or(all.io_weight).map(|weight| weight.get()).or(usual.io_weight),
        }
    }
}

/// Refuses what the kernel would refuse.
pub(crate) fn refuse_bad(lines: &Lines, parents: &[&str], said: &LimitsText) -> Result<(), ConfigError> {
    let bad = |key: &str, why: String| Err(lines.bad_value(&[parents, &["limits", key]].concat(), why));
    if let Some(nice) = said.nice.filter(|nice| *nice > NICE_MAX) {
        return bad("nice", format!("{nice} is more than {NICE_MAX}"));
    }
    for (key, weight) in [("cpu_weight", said.cpu_weight), ("io_weight", said.io_weight)] {
        if let Some(weight) = weight.filter(|weight| weight.get() > WEIGHT_MAX) {
            return bad(key, format!("{weight} is more than {WEIGHT_MAX}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn of(text: &str) -> Bounds {
        let user = UserConfig::parse(Path::new("/config.toml"), text).unwrap();
        user.bounds(Some(&"github.com/acme/app".parse().unwrap()))
    }

    #[test]
    fn the_word_for_a_repository_beats_the_word_for_all_and_that_the_usual() {
        assert_eq!(of(""), Bounds::USUAL);
        let all = "limits = { nice = 0, memory_mib = 2, processes = 9, cpu_weight = 50, io_weight = 60 }\n";
        let said = Bounds {
            nice: 0,
            memory: Some(2 << 20),
            processes: Some(9),
            cpu_weight: Some(50),
            io_weight: Some(60),
        };
        assert_eq!(of(all), said);
        let own = format!("{all}repo.app.limits.memory_mib = 3\nrepo.other.limits.processes = 1\n");
        assert_eq!(of(&own), Bounds { memory: Some(3 << 20), ..said });
    }

    #[test]
    fn what_the_kernel_would_refuse_is_refused_with_its_place() {
        for text in ["limits.nice = 20", "repo.app.limits.cpu_weight = 10001", "limits.io_weight = 20000"] {
            let error = UserConfig::parse(Path::new("/config.toml"), text).unwrap_err().to_string();
            assert!(error.contains("is more than"), "{error}");
        }
        assert!(UserConfig::parse(Path::new("/config.toml"), "limits.processes = 0").is_err());
    }
}
