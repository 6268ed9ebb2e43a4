//! Lists that know whether they are whole.

use crate::lookup::Why;

/// What a list gave. Absence from it means something only when it is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    items: Vec<T>,
    gap: Option<Why>,
}

impl<T> Listing<T> {
    /// All there is.
    pub fn complete(items: Vec<T>) -> Self {
        Self { items, gap: None }
    }

    /// What could be read, and why that is not all.
    pub fn partial(items: Vec<T>, gap: Why) -> Self {
        Self { items, gap: Some(gap) }
    }

    /// What was read: each of it is there.
    pub fn seen(&self) -> &[T] {
        &self.items
    }

    /// All there is, where that is known.
    ///
    /// # Errors
    /// Why it is not known.
    pub fn whole(self) -> Result<Vec<T>, Why> {
        match self.gap {
            None => Ok(self.items),
            Some(why) => Err(why),
        }
    }

    /// Whether this is all.
    pub fn is_complete(&self) -> bool {
        self.gap.is_none()
    }

    /// Why it is not all.
    pub fn gap(&self) -> Option<&Why> {
        self.gap.as_ref()
    }
}
