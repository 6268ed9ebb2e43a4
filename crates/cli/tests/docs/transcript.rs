//! A `console` block as steps: each command with the output that is shown for it.

/// One command of a transcript.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// How many lines of the block stand before it.
    pub offset: usize,
    /// The command; further lines behind `> `.
    pub command: String,
    /// What is shown, line by line; nothing shown is nothing claimed.
    pub shown: Vec<String>,
    /// A last line `^C`: the command goes on until somebody types that.
    pub is_interrupted: bool,
}

/// Takes a transcript apart.
pub fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for (offset, line) in text.lines().enumerate() {
        if let Some(command) = line.strip_prefix("$ ") {
            let command = format!("{command}\n");
            steps.push(Step { offset, command, shown: Vec::new(), is_interrupted: false });
            continue;
        }
        let step = steps.last_mut().ok_or("a console block begins with \"$ \" and a command")?;
        match line.strip_prefix('>').map(|rest| rest.strip_prefix(' ').unwrap_or(rest)) {
            Some(more) if step.shown.is_empty() => step.command = format!("{}{more}\n", step.command),
            _ if line == "^C" => step.is_interrupted = true,
            _ => step.shown.push(line.to_owned()),
        }
    }
    Ok(steps)
}
