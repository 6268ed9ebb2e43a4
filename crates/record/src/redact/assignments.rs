//! The secrets in a file of assignments, such as `.env`.

/// The values of lines of the form `NAME=VALUE` or `export NAME="VALUE"`; whatever else stands there is
/// passed over. What is too short to be a secret, [`super::Redactor::new`] passes over.
pub fn assigned_values(text: &str) -> Vec<String> {
    text.lines().filter_map(assigned).map(ToOwned::to_owned).collect()
}

fn assigned(line: &str) -> Option<&str> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.trim().is_empty() || !name.trim().chars().all(is_name) {
        return None;
    }
    let value = value.trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    Some(unquoted.unwrap_or(value)).filter(|value| value.len() >= super::SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_assignments_are_secret_and_nothing_else() {
        let text = "# a comment=not-a-secret\nA=hunter2-x\nexport B=\"with space\"\nSHORT=1\n\
                    \n  C = 'quoted-1' \nno assignment\n";
        assert_eq!(assigned_values(text), ["hunter2-x", "with space", "quoted-1"]);
    }
}
