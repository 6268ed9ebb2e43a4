//! Labels of a repository.

use super::{Ctx, Done, Refusal};
use crate::state::{Id, Label, Permission};

/// What is asked for; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct LabelEdit {
    /// Its name.
    pub name: Option<String>,
    /// Six hexadecimal digits.
    pub color: Option<String>,
    /// What it is for.
    pub description: Option<String>,
}

/// Makes a label.
///
/// # Errors
/// When the name is missing or taken, or the colour is none.
pub fn create(ctx: &mut Ctx<'_>, slug: &str, edit: LabelEdit) -> Done<Id> {
    let id = ctx.state.fresh_id();
    let repo = ctx.repo_mut(slug, Permission::Write)?;
    let name = edit.name.ok_or_else(|| Refusal::field("Label", "name", "missing_field"))?;
    if repo.label(&name).is_some() {
        return Err(Refusal::field("Label", "name", "already_exists"));
    }
    let color = edit.color.unwrap_or_else(|| "ededed".to_owned());
    check_color(&color)?;
    repo.labels.insert(id, Label { id, name, color, description: edit.description });
    Ok(id)
}

/// Changes a label; issues keep it under its new name.
///
/// # Errors
/// When there is none of this name, or the new one is taken.
pub fn edit(ctx: &mut Ctx<'_>, slug: &str, name: &str, edit: LabelEdit) -> Done<Id> {
    let repo = ctx.repo_mut(slug, Permission::Write)?;
    let id = repo.label(name).ok_or(Refusal::NotFound)?.id;
    let is_taken = |new: &String| repo.label(new).is_some_and(|label| label.id != id);
    if edit.name.as_ref().is_some_and(is_taken) {
        return Err(Refusal::field("Label", "name", "already_exists"));
    }
    if let Some(color) = &edit.color {
        check_color(color)?;
    }
    let label = repo.labels.get_mut(&id).ok_or(Refusal::NotFound)?;
    label.name = edit.name.unwrap_or_else(|| label.name.clone());
    label.color = edit.color.unwrap_or_else(|| label.color.clone());
    label.description = edit.description.or_else(|| label.description.clone());
    Ok(id)
}

/// Removes a label, from its issues too.
///
/// # Errors
/// When there is none of this name.
pub fn delete(ctx: &mut Ctx<'_>, slug: &str, name: &str) -> Done<()> {
    let repo = ctx.repo_mut(slug, Permission::Write)?;
    let id = repo.label(name).ok_or(Refusal::NotFound)?.id;
    repo.labels.remove(&id);
    for issue in repo.issues.values_mut() {
        issue.labels.remove(&id);
    }
    Ok(())
}

/// The label of this name, made if there is none yet, as adding an unknown one to an issue does.
pub(super) fn find_or_create(ctx: &mut Ctx<'_>, slug: &str, name: &str) -> Done<Id> {
    if let Some(label) = ctx.repo(slug, Permission::Read)?.label(name) {
        return Ok(label.id);
    }
    create(ctx, slug, LabelEdit { name: Some(name.to_owned()), ..LabelEdit::default() })
}

fn check_color(color: &str) -> Done<()> {
    let is_color = color.len() == 6 && color.chars().all(|c| c.is_ascii_hexdigit());
    if is_color { Ok(()) } else { Err(Refusal::field("Label", "color", "invalid")) }
}
