//! What was read before, so that the server need not send it again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// An answer and the tag that it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// `ETag`, as it came.
    pub etag: String,
    /// The body.
    pub body: Vec<u8>,
    /// The address of the next page.
    pub next: Option<String>,
}

/// Keeps answers by address, of one account: another may see less. It is a cache: what is forgotten is asked for again, and a failure to keep is none.
///
/// A request with `If-None-Match` that is answered 304 does not count against the primary rate limit:
/// <https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate>.
pub trait Memory: Send + Sync {
    /// What is known of an address.
    fn get(&self, url: &str) -> Option<Remembered>;

    /// Keeps an answer in place of what was known of this address.
    fn put(&self, url: &str, answer: Remembered);
}

/// How much the memory of a process holds, in bytes of bodies.
const MOST: usize = 64 << 20;

/// A memory that ends with the process.
#[derive(Default)]
pub struct InMemory(Mutex<HashMap<String, Remembered>>);

impl Memory for InMemory {
    fn get(&self, url: &str) -> Option<Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
    }

    fn put(&self, url: &str, answer: Remembered) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held: usize = known.values().map(|answer| answer.body.len()).sum();
        if held + answer.body.len() > MOST {
            known.clear();
        }
        known.insert(url.to_owned(), answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded() {
        let memory = InMemory::default();
        let answer = |size| Remembered { etag: "e".into(), body: vec![0; size], next: None };
        memory.put("a", answer(MOST));
        assert!(memory.get("a").is_some());
        memory.put("b", answer(1));
        assert!(memory.get("a").is_none() && memory.get("b").is_some());
    }
}
