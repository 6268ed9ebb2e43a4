//! What a person says while the run is at work.

use super::Work;
use crate::error::RalphError;

impl Work {
    /// Takes what was said since the last iteration; it stays in all later prompts.
    pub(super) fn listen(&mut self) -> Result<(), RalphError> {
        for told in self.writer.dir().told()? {
            if self.told.iter().all(|known| known.id != told.id) {
                self.writer.log(&format!("== told: {}", told.text))?;
                self.told.push(told);
            }
        }
        self.told.sort_by_key(|told| told.id);
        Ok(())
    }
}
