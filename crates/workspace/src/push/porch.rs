//! Where pushes go out from: a repository with all objects of another one and no refs.
//!
//! A push reads every ref of the repository that it is called in, and looks for what each of them names, though it is told
//! what to push. The vault keeps some refs of each run for good.

use crate::bare::Bare;
use crate::error::Result;
use crate::git::{Git, UserEnvironment};

/// Its directory in the repository whose objects it has.
const PORCH: &str = "herder.porch";

impl Bare {
    /// A call that pushes objects of this repository to the one at `url`. It finds no ref by name.
    ///
    /// # Errors
    /// The address is unusable, there should be a token for it and there is none, or the disk refuses.
    pub(crate) fn pushing(&self, object_format: &str, url: &str, user: &UserEnvironment) -> Result<Git> {
        let porch = Self::create(&self.path().join(PORCH), object_format)?;
        Ok(porch.reaching("push", url, user)?.objects(&self.path().join("objects")))
    }
}
