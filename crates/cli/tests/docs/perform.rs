//! A page, carried out from its first block to its last.

use std::path::Path;

use crate::compare::{agrees, lines};
use crate::page::{Piece, What, read};
use crate::place;
use crate::stage::{Ended, Stage};
use crate::transcript::{Step, steps};

/// Carries a page out; gives what is not as it says.
pub fn page(path: &Path, text: &str) -> Result<(), String> {
    let page = read(text).map_err(|(line, why)| format!("{}: {why}", place(path, line)))?;
    if page.pieces.iter().all(|piece| matches!(piece.what, What::NotRun { .. })) {
        return Ok(());
    }
    let stage = Stage::new(page.base);
    for piece in &page.pieces {
        perform(&stage, piece).map_err(|(line, why)| format!("{}: {why}", place(path, line)))?;
    }
    stage.end();
    Ok(())
}

fn perform(stage: &Stage, piece: &Piece) -> Result<(), (usize, String)> {
    let line = piece.line;
    match &piece.what {
        What::NotRun { .. } => Ok(()),
        What::File { path, text } => {
            stage.write(path, text);
            Ok(())
        }
        What::Script(text) | What::Setup(text) => {
            let ended = stage.script(text);
            goes_well(text, &ended, 0).map_err(|why| (line, why))
        }
        What::Transcript { text, code } => {
            let steps = steps(text).map_err(|why| (line, why))?;
            let last = steps.len();
            steps.iter().enumerate().try_for_each(|(index, step)| {
                let code = if index + 1 == last { *code } else { 0 };
                perform_step(stage, step, code).map_err(|why| (line + 1 + step.offset, why))
            })
        }
    }
}

fn perform_step(stage: &Stage, step: &Step, code: i32) -> Result<(), String> {
    if step.is_interrupted {
        return stage
            .interrupted(&step.command, &step.shown)
            .map(drop)
            .map_err(|ended| differs(step, &ended));
    }
    let ended = stage.script(&step.command);
    goes_well(&step.command, &ended, code)?;
    let shown: Vec<&str> = step.shown.iter().map(String::as_str).collect();
    if shown.is_empty() || agrees(&shown, &lines(&ended.printed)) {
        return Ok(());
    }
    Err(differs(step, &ended))
}

fn differs(step: &Step, ended: &Ended) -> String {
    format!("{}is shown with\n{}\nand prints\n{}", step.command, step.shown.join("\n"), ended.printed)
}

fn goes_well(text: &str, ended: &Ended, code: i32) -> Result<(), String> {
    if ended.code == code {
        return Ok(());
    }
    Err(format!("exit code {} instead of {code} of\n{text}\nwhich printed\n{}", ended.code, ended.printed))
}
