//! What goes wrong on purpose: rules that a test lays down, in front of everything else.

use std::time::Duration;

use herder_testkit::http::Request;
use serde_json::{Value, json};

use crate::rest::{Answer, Body};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This status, and nothing is done: 500, 502, 503.
    Status(u16),
    /// The connection is closed; nothing is done.
    CutBefore,
    /// All is done; then the connection is closed without an answer.
    CutAfter,
    /// It takes this long.
    Delay(Duration),
    /// What was true this many revisions ago. Only looks can be stale.
    Stale(usize),
    /// A list comes with half of its entries and without its links.
    HalfPage,
    /// The answer is no JSON.
    Malformed,
    /// The secondary limit: this status (403 or 429), and come back in so many seconds.
    Secondary(u16, u64),
}

/// When something goes wrong: on every request that fits, unless it is said otherwise.
#[derive(Debug, Clone)]
pub struct Rule {
    fault: Fault,
    method: Option<String>,
    part: Option<String>,
    token: Option<String>,
    skipped: u64,
    left: Option<u64>,
    chance: Option<(f64, u64)>,
}

impl Rule {
    /// This goes wrong.
    #[must_use]
    pub fn new(fault: Fault) -> Rule {
        Rule { fault, method: None, part: None, token: None, skipped: 0, left: None, chance: None }
    }

    /// Only with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Rule {
        self.method = Some(method.to_owned());
        self
    }

    /// Only where this is a part of the address, or of a question to GraphQL (the name of an operation).
    #[must_use]
    pub fn part(mut self, part: &str) -> Rule {
        self.part = Some(part.to_owned());
        self
    }

    /// Only for who shows this token, whether to the API or to git: with [`Fault::CutBefore`] a partition.
    #[must_use]
    pub fn token(mut self, token: &str) -> Rule {
        self.token = Some(token.to_owned());
        self
    }

    /// Not for the first so many that fit.
    #[must_use]
    pub fn after(mut self, count: u64) -> Rule {
        self.skipped = count;
        self
    }

    /// Only for so many.
    #[must_use]
    pub fn times(mut self, count: u64) -> Rule {
        self.left = Some(count);
        self
    }

    /// Only for this share of those that fit, drawn from a seed: the same seed goes wrong at the same requests.
    #[must_use]
    pub fn chance(mut self, share: f64, seed: u64) -> Rule {
        self.chance = Some((share, seed));
        self
    }

    /// Whether it is the turn of this rule; `token` is what the request shows.
    fn is_due(&mut self, request: &Request, token: Option<&str>) -> bool {
        let has = |part: &String| {
            let is_question = request.path.ends_with("/graphql");
            request.path.contains(part)
                || (is_question && String::from_utf8_lossy(&request.body).contains(part))
        };
        let fits = self.method.as_ref().is_none_or(|method| *method == request.method)
            && self.part.as_ref().is_none_or(has)
            && self.token.as_ref().is_none_or(|wanted| token == Some(wanted));
        if !fits || self.left == Some(0) {
            return false;
        }
        if self.skipped > 0 {
            self.skipped -= 1;
            return false;
        }
        if !self.draw() {
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        true
    }

    /// Whether chance wants it: splitmix64, so that a seed says all.
    fn draw(&mut self) -> bool {
        let Some((share, seed)) = &mut self.chance else { return true };
        *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let drawn = ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < *share
    }
}

/// The first rule whose turn it is.
pub fn due(rules: &mut [Rule], request: &Request, token: Option<&str>) -> Option<Fault> {
    rules.iter_mut().find_map(|rule| rule.is_due(request, token).then_some(rule.fault))
}

impl Fault {
    /// What is answered instead of anything, where something is.
    pub fn instead(self) -> Option<Answer> {
        let (status, message, headers) = match self {
            Fault::Status(status) => (status, "Server Error", Vec::new()),
            Fault::Secondary(status, seconds) => {
                let sentence = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
                (status, sentence, vec![("retry-after".to_owned(), seconds.to_string())])
            }
            Fault::CutBefore
            | Fault::CutAfter
            | Fault::Delay(_)
            | Fault::Stale(_)
            | Fault::HalfPage
            | Fault::Malformed => return None,
        };
        let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest" });
        Some(Answer { status, body: Body::Json(body), headers })
    }

    /// Half of a list, without links.
    pub fn halve(answer: &mut Answer) {
        if let Body::Json(Value::Array(entries)) = &mut answer.body {
            entries.truncate(entries.len() / 2);
            answer.headers.retain(|(name, _)| name != "link");
        }
    }
}
