//! All pages of a list, or the knowledge that they are not all.
//!
//! Pages are cut by place, so a list that changes while it is read may show something twice or hide something. What
//! came twice is shown once. A list of more than one page is therefore asked for a second time, which costs nothing
//! where nothing changed (304): when every page is as it was, all of them were so at one moment.

use std::collections::HashSet;
use std::hash::Hash;

use herder_domain::repo::RepoId;
use serde::de::DeserializeOwned;

use crate::client::{Answer, Client};
use crate::listing::Listing;
use crate::lookup::{Missing, Why};

/// The most pages of one list; with 100 on each, far more than herder has use for.
const PAGES_MAX: usize = 100;

/// The pages read so far.
struct Read {
    url: String,
    body: Vec<u8>,
}

impl Client {
    /// All pages of a list of a repository. `items` takes them out of a page, `id` tells one item from another.
    ///
    /// The first page decides whether the list is there at all; when a later one fails, the listing is incomplete.
    pub(crate) fn list<T, K: Eq + Hash>(
        &self,
        repo: &RepoId,
        rest: &str,
        items: impl Fn(&Answer) -> Result<Vec<T>, Why>,
        id: impl Fn(&T) -> K,
    ) -> Result<Listing<T>, Missing> {
        let mut url = self.in_repo(repo, rest)?;
        let (mut found, mut known, mut read) = (Vec::new(), HashSet::new(), Vec::new());
        loop {
            let answer = match self.get_at(repo, url.clone()) {
                Ok(answer) => answer,
                Err(missing) if read.is_empty() => return Err(missing),
                Err(Missing::Gone) => return Ok(Listing::partial(found, Why::Shifted)),
                Err(Missing::Unknown(why)) => return Ok(Listing::partial(found, why)),
            };
            let page = match items(&answer) {
                Ok(page) => page,
                Err(why) if read.is_empty() => return Err(why.into()),
                Err(why) => return Ok(Listing::partial(found, why)),
            };
            found.extend(page.into_iter().filter(|item| known.insert(id(item))));
            let next = answer.next.clone();
            read.push(Read { url, body: answer.body });
            let Some(next) = next else { break };
            if !self.site().owns(&next) {
                return Ok(Listing::partial(found, Why::Moved { to: crate::wire::one_line(&next) }));
            }
            if read.len() >= PAGES_MAX {
                return Ok(Listing::partial(found, Why::Malformed(format!("more than {PAGES_MAX} pages"))));
            }
            url = next;
        }
        Ok(match self.changed_since(repo, &read) {
            None => Listing::complete(found),
            Some(gap) => Listing::partial(found, gap),
        })
    }

    /// Why the pages cannot be taken for the list of one moment, if they cannot.
    fn changed_since(&self, repo: &RepoId, read: &[Read]) -> Option<Why> {
        if read.len() < 2 {
            return None;
        }
        read.iter().find_map(|page| match self.get_at(repo, page.url.clone()) {
            Ok(again) if again.body == page.body => None,
            Ok(_) | Err(Missing::Gone) => Some(Why::Shifted),
            Err(Missing::Unknown(why)) => Some(why),
        })
    }

    /// All pages of a list that is a bare array.
    pub(crate) fn list_plain<T: DeserializeOwned, K: Eq + Hash>(
        &self,
        repo: &RepoId,
        rest: &str,
        id: impl Fn(&T) -> K,
    ) -> Result<Listing<T>, Missing> {
        self.list(repo, rest, Answer::parse, id)
    }
}
