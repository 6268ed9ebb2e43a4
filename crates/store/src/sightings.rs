//! What was seen of goals that live on a forge.

use herder_domain::event::{Event, What};
use herder_domain::sight::{Heard, Sighting, Spoken, Standing};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::error::AppendError;
use crate::{Store, append, goals, repos};

impl Store {
    /// Records what people meant by what was seen, and that it was taken note of: all of it, or nothing. A goal that
    /// was not known before is written; one that is closed already is none of ours. Gives what was recorded.
    ///
    /// What a person did and the goal's state refuses is left out: its forge then shows again where it stands. An order
    /// in a comment is taken note of in either case, for whoever gave it is to hear what came of it.
    ///
    /// # Errors
    /// The repository is not registered, or the database cannot be used.
    pub fn sighted(&mut self, sighting: &Sighting, at: Timestamp) -> Result<Vec<Event>, AppendError> {
        let tx = self.write()?;
        repos::demand(&tx, &sighting.goal.repo)?;
        let mut recorded = Vec::new();
        let goal = match goals::load(&tx, &sighting.goal)? {
            Some(goal) => goal,
            None if sighting.seen.shown.standing != Standing::Open => return Ok(recorded),
            None => {
                let draft = sighting.draft();
                let created = What::GoalCreated { draft: Box::new(draft.clone()) };
                let event = Event::of(&sighting.goal, created);
                append::append(&tx, &event, at)?;
                recorded.push(event);
                draft
            }
        };
        for what in sighting.fold(&goal) {
            let event = Event::of(&sighting.goal, what);
            match append::append(&tx, &event, at) {
                Ok(_) => recorded.push(event),
                // A story may be of a kind that is none.
                Err(AppendError::Illegal(_) | AppendError::Unknown(_)) => {}
                Err(error) => return Err(error),
            }
        }
        for spoken in sighting.orders(&goal) {
            recorded.extend(follow(&tx, sighting, spoken, at)?);
        }
        tx.commit()?;
        Ok(recorded)
    }
}

/// Follows an order as far as the goal's state lets it, and notes what came of it.
fn follow(
    conn: &Connection,
    sighting: &Sighting,
    spoken: &Spoken,
    at: Timestamp,
) -> Result<Vec<Event>, AppendError> {
    let mut recorded = Vec::new();
    let refusal = match spoken.command.deed() {
        Err(missing) => Some(missing.to_owned()),
        Ok(what) => {
            let event = Event::of(&sighting.goal, what);
            match append::append(conn, &event, at) {
                Ok(_) => {
                    recorded.push(event);
                    None
                }
                Err(AppendError::Illegal(why)) => Some(why.to_string()),
                Err(error) => return Err(error),
            }
        }
    };
    let heard = Heard { id: spoken.id, by: spoken.by.clone(), said: spoken.command.to_string(), refusal };
    let event = Event::of(&sighting.goal, What::GoalHeard { heard });
    append::append(conn, &event, at)?;
    recorded.push(event);
    Ok(recorded)
}
