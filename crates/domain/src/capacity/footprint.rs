//! What runs of a repository and agent are like, learned from those that ended.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::repo::RepoId;

/// Fewer runs than this are no experience.
const FEWEST: usize = 3;

/// After so many younger runs one counts half.
const HALF_LIFE: f64 = 10.0;

/// How one run was; what nobody measured is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observation {
    /// The most memory that it held, bytes.
    pub memory: Option<u64>,
    /// Processor time.
    pub cpu: Option<Duration>,
    /// Wall time.
    pub duration: Duration,
}

/// A figure in the middle, and one that nine of ten stay below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Half of the runs had no more.
    pub p50: f64,
    /// Nine of ten had no more.
    pub p90: f64,
}

/// What a run is expected to use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Footprint {
    /// From how many runs.
    pub runs: usize,
    /// The most memory held at once, bytes; absent where too few runs were measured.
    pub memory: Option<Spread>,
    /// Processors on average, which is CPU-minutes a minute.
    pub cores: Option<Spread>,
    /// Seconds from order to end.
    pub seconds: Spread,
}

/// Footprints by repository and agent.
pub type Footprints = BTreeMap<(RepoId, String), Footprint>;

impl Footprint {
    /// What these runs were like, the youngest first; younger ones count more. `None` of too few.
    pub fn learn(observations: &[Observation]) -> Option<Self> {
        let of = |figure: fn(&Observation) -> Option<f64>| spread(observations.iter().map(figure));
        Some(Self {
            runs: observations.len(),
            memory: of(|run| run.memory.map(|bytes| bytes as f64)),
            cores: of(|run| Some(run.cpu?.as_secs_f64() / run.duration.as_secs_f64().max(1.0))),
            seconds: of(|run| Some(run.duration.as_secs_f64()))?,
        })
    }
}

/// Of figures whose weights fall with their place.
fn spread(figures: impl Iterator<Item = Option<f64>>) -> Option<Spread> {
    let weight = |place: usize| (-(place as f64) * std::f64::consts::LN_2 / HALF_LIFE).exp();
    let weighed = (0..).zip(figures).filter_map(|(place, figure)| Some((figure?, weight(place))));
    let mut weighed: Vec<(f64, f64)> = weighed.filter(|(figure, _)| figure.is_finite()).collect();
    if weighed.len() < FEWEST {
        return None;
    }
    weighed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    Some(Spread { p50: quantile(&weighed, 0.5), p90: quantile(&weighed, 0.9) })
}

/// The smallest figure that this share of all weight does not exceed.
fn quantile(weighed: &[(f64, f64)], share: f64) -> f64 {
    let wanted = share * weighed.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut sum = 0.0;
    for (figure, weight) in weighed {
        sum += weight;
        if sum >= wanted {
            return *figure;
        }
    }
    weighed.last().map_or(0.0, |(figure, _)| *figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(memory: u64) -> Observation {
        Observation {
            memory: Some(memory),
            cpu: Some(Duration::from_secs(30)),
            duration: Duration::from_secs(60),
        }
    }

    #[test]
    fn half_and_nine_of_ten() {
        let runs: Vec<Observation> = (1..=20).map(|size| run(size * 100)).collect();
        let footprint = Footprint::learn(&runs).unwrap();
        let memory = footprint.memory.unwrap();
        assert!(memory.p50 < memory.p90 && memory.p90 <= 2000.0, "{memory:?}");
        assert_eq!((footprint.cores, footprint.runs), (Some(Spread { p50: 0.5, p90: 0.5 }), 20));
    }

    #[test]
    fn one_outlier_poisons_nothing() {
        let mut runs = vec![run(100); 20];
        runs[0] = run(1 << 40);
        assert_eq!(Footprint::learn(&runs).unwrap().memory, Some(Spread { p50: 100.0, p90: 100.0 }));
    }

    #[test]
    fn old_runs_fade() {
        let runs: Vec<Observation> = (0..60).map(|place| run(if place < 20 { 100 } else { 900 })).collect();
        assert_eq!(Footprint::learn(&runs).unwrap().memory.unwrap().p50, 100.0);
    }

    #[test]
    fn too_few_runs_are_no_experience_and_what_nobody_measured_is_none() {
        assert_eq!(Footprint::learn(&[run(1), run(2)]), None);
        let blind = Observation { duration: Duration::from_secs(9), ..Observation::default() };
        let footprint = Footprint::learn(&[blind; 5]).unwrap();
        assert_eq!((footprint.memory, footprint.cores, footprint.seconds.p50), (None, None, 9.0));
    }
}
