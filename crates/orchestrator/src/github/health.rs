//! Whether a repository is fit to be worked on, by what a round tells of it.

use herder_domain::ailment::Ailment;
use herder_domain::forge::Trouble;
use herder_forge::Why;
use herder_forge::poll::{BaseBrief, Rollup};
use jiff::{SignedDuration, Timestamp};

/// After so many rounds in a row that could not read it, it counts as unreadable: replicas err.
const MISSES: u32 = 2;

/// So long a new tip may be without checks before a branch that was red is taken for one that has none.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// Which checks of a red tip are red is read anew after so long: more of them may have ended.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// What is known of one repository.
#[derive(Debug)]
pub(super) struct Health {
    ailment: Option<Ailment>,
    misses: u32,
    tip: Option<Tip>,
}

/// The tip of the base branch.
#[derive(Debug)]
struct Tip {
    sha: String,
    /// When it was seen first.
    since: Timestamp,
    /// When its checks were read.
    read: Option<Timestamp>,
}

/// A red tip, of which it is to be read what is red.
pub(super) struct Red<'a> {
    pub branch: &'a str,
    pub commit: &'a str,
}

impl Health {
    /// What was known before.
    pub fn known(ailment: Option<Ailment>) -> Self {
        Self { ailment, misses: 0, tip: None }
    }

    /// What is the matter.
    pub fn ailment(&self) -> Option<&Ailment> {
        self.ailment.as_ref()
    }

    /// Takes that it could not be read; gives whether that is news. What passes by itself says nothing of it.
    pub fn unread(&mut self, why: &Why) -> bool {
        if !is_about_it(why) {
            return false;
        }
        self.misses = self.misses.saturating_add(1);
        self.misses >= MISSES && self.becomes(Some(Ailment::Unreadable { why: why.to_string() }))
    }

    /// Takes how its base branch stands; gives whether there is news. `red` reads which checks of a red tip count and are
    /// red. What is not known yet leaves things as they were.
    ///
    /// # Errors
    /// [`Trouble`] of `red`.
    pub fn read(
        &mut self,
        (branch, base): (&str, Option<&BaseBrief>),
        now: Timestamp,
        red: impl FnOnce(Red<'_>) -> Result<Vec<String>, Trouble>,
    ) -> Result<bool, Trouble> {
        self.misses = 0;
        let was_red = matches!(self.ailment, Some(Ailment::RedBase { .. }));
        let as_before = self.ailment.clone().filter(|_| was_red);
        let Some(base) = base else { return Ok(self.becomes(None)) };
        let tip = self.tip(&base.sha, now);
        let is_young = now.duration_since(tip.since) < LATE;
        let is_read = tip.read.is_some_and(|read| now.duration_since(read) < AGAIN);
        let ailment = match base.checks {
            Some(Rollup::Success) => None,
            Some(Rollup::Failure) if !is_read => {
                let checks = red(Red { branch, commit: &base.sha })?;
                self.tip(&base.sha, now).read = Some(now);
                let (branch, commit) = (branch.to_owned(), base.sha.clone());
                (!checks.is_empty()).then_some(Ailment::RedBase { branch, commit, checks })
            }
            None if was_red && !is_young => None,
            Some(Rollup::Failure | Rollup::Pending) | None => as_before,
        };
        Ok(self.becomes(ailment))
    }

    fn becomes(&mut self, ailment: Option<Ailment>) -> bool {
        let is_news = self.ailment != ailment;
        self.ailment = ailment;
        is_news
    }

    fn tip(&mut self, sha: &str, now: Timestamp) -> &mut Tip {
        let fresh = || Tip { sha: sha.to_owned(), since: now, read: None };
        let tip = self.tip.take().filter(|tip| tip.sha == sha);
        self.tip.insert(tip.unwrap_or_else(fresh))
    }
}

/// Whether it is the repository, or herder's access to it, that is in the way, and not the weather.
fn is_about_it(why: &Why) -> bool {
    match why {
        Why::Unproven { .. } | Why::Moved { .. } | Why::Refused(_) | Why::NoToken(_) => true,
        Why::TimedOut
        | Why::NoConnection(_)
        | Why::Server { .. }
        | Why::Limited { .. }
        | Why::Budget { .. }
        | Why::Malformed(_)
        | Why::Shifted => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn tip(sha: &str, checks: Option<Rollup>) -> BaseBrief {
        BaseBrief { sha: sha.to_owned(), checks }
    }

    /// Shows it a tip, whose red checks are these.
    fn shown(health: &mut Health, second: i64, tip: &BaseBrief, red: &[&str]) -> Option<String> {
        let red = red.iter().map(|name| (*name).to_owned()).collect();
        health.read(("main", Some(tip)), at(second), |_| Ok(red)).unwrap();
        health.ailment().map(ToString::to_string)
    }

    #[test]
    fn a_base_is_red_from_a_failure_that_counts_until_a_tip_is_green() {
        let mut health = Health::known(None);
        let (red, pending) = (tip("a", Some(Rollup::Failure)), tip("b", Some(Rollup::Pending)));
        assert_eq!(shown(&mut health, 0, &tip("a", Some(Rollup::Pending)), &[]), None);
        assert_eq!(shown(&mut health, 1, &red, &[]), None, "what is red is not required");
        assert_eq!(shown(&mut health, 30, &red, &["ci"]), None, "not asked again at once");
        let said = Some("is red itself: ci on main at a".to_owned());
        assert_eq!(shown(&mut health, 61, &red, &["ci"]), said, "more has ended since");
        assert_eq!(shown(&mut health, 62, &red, &[]), said);
        assert_eq!(shown(&mut health, 63, &pending, &[]), said, "nobody knows better yet");
        assert_eq!(shown(&mut health, 64, &tip("b", Some(Rollup::Success)), &[]), None);
    }

    #[test]
    fn a_red_base_whose_next_tip_gets_no_checks_at_all_is_red_no_longer_after_a_while() {
        let mut health = Health::known(None);
        shown(&mut health, 0, &tip("a", Some(Rollup::Failure)), &["ci"]);
        assert!(shown(&mut health, 10, &tip("b", None), &[]).is_some());
        assert!(shown(&mut health, 309, &tip("b", None), &[]).is_some());
        assert_eq!(shown(&mut health, 310, &tip("b", None), &[]), None);
    }

    #[test]
    fn one_answer_that_hides_it_is_no_news_and_weather_never_is() {
        let mut health = Health::known(None);
        let hidden = Why::Unproven { repo: "acme/app".to_owned() };
        assert!(!health.unread(&hidden));
        assert_eq!(shown(&mut health, 0, &tip("a", None), &[]), None);
        assert!(!health.unread(&hidden));
        assert!(!health.unread(&Why::Server { status: 502 }));
        assert!(health.unread(&hidden));
        assert!(!health.unread(&hidden), "it was told");
        assert!(health.ailment().is_some());
        assert_eq!(
            shown(&mut health, 9, &tip("a", Some(Rollup::Pending)), &[]),
            None,
            "it can be read again"
        );
    }
}
