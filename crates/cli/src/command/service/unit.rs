//! The text of the unit: systemd.service(5), systemd.exec(5), systemd.kill(5), systemd.resource-control(5).

use std::path::Path;

/// The first line of a unit that is ours to overwrite and to remove.
pub const MARK: &str = "# Written by `herder service install`.";

/// What a unit is made of.
#[derive(Debug)]
pub struct Unit<'a> {
    /// The program.
    pub herder: &'a Path,
    /// What follows `up`.
    pub flags: &'a [String],
    /// Variables that hold for it, no secrets.
    pub env: &'a [(&'static str, String)],
    /// The file with further variables, credentials among them.
    pub secrets: &'a Path,
    /// Where it sits itself.
    pub seat: Seat,
}

/// In which cgroup herder sits, of those that are delegated to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// At their top, from where nothing can be handed down to jobs.
    Top,
    /// Beside those of jobs (`DelegateSubgroup=`, systemd 254).
    Beside,
}

impl Seat {
    /// What a release of systemd can do; the newest, where the unit is for another machine.
    pub fn of(systemd: Option<u32>) -> Self {
        if systemd.is_none_or(|release| release >= 254) { Self::Beside } else { Self::Top }
    }

    fn lines(self) -> &'static str {
        match self {
            Self::Top => "",
            Self::Beside => {
                "# Beside the cgroups of jobs, so that those can be held to limits.\n\
                 DelegateSubgroup=herder-main\n"
            }
        }
    }
}

impl Unit<'_> {
    /// The text.
    pub fn text(&self) -> String {
        let program = quoted(&self.herder.display().to_string());
        let flags = self.flags.iter().map(|flag| argument(flag));
        let exec: Vec<String> = [program, "up".to_owned()].into_iter().chain(flags).collect();
        let variable =
            |(name, value): &(&str, String)| format!("Environment={}\n", quoted(&format!("{name}={value}")));
        let env: String = self.env.iter().map(variable).collect();
        format!(
            "{MARK}\n\
             [Unit]\n\
             Description=herder works off queued goals\n\
             \n\
             [Service]\n\
             Type=exec\n\
             ExecStart={exec}\n\
             # It looks at its configuration and at all goals again.\n\
             ExecReload=/bin/kill -HUP $MAINPID\n\
             # It alone is told to stop, and stops its ralphs itself. Where it was killed they go on, and the\n\
             # next one adopts them.\n\
             KillMode=process\n\
             # It takes 40 s at the most.\n\
             TimeoutStopSec=60\n\
             # Each job gets a cgroup, so that nothing of it can stay behind.\n\
             Delegate=yes\n\
             {seat}\
             # One job that is killed for want of memory does not end the others.\n\
             OOMPolicy=continue\n\
             Restart=on-failure\n\
             RestartSec=30\n\
             # A wrong call, a configuration that cannot be used, another orchestrator at work: trying again\n\
             # mends none of them.\n\
             RestartPreventExitStatus=2 5 7\n\
             # Credentials: one NAME=value a line, readable for you alone.\n\
             EnvironmentFile=-{secrets}\n\
             {env}\
             \n\
             [Install]\n\
             WantedBy=default.target\n",
            exec = exec.join(" "),
            seat = self.seat.lines(),
            secrets = self.secrets.display().to_string().replace('%', "%%"),
        )
    }
}

/// A word in double quotes, with nothing left in it that systemd would take for a specifier.
fn quoted(word: &str) -> String {
    let mut text = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '%' => text.push_str("%%"),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// The same where systemd looks for variables as well: in what follows a program.
fn argument(word: &str) -> String {
    quoted(word).replace('$', "$$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reaches_the_program_as_it_was_typed() {
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("100% \"x\" $HOME \\"), "\"100%% \\\"x\\\" $HOME \\\\\"");
        assert_eq!(argument("$HOME"), "\"$$HOME\"");
    }

    #[test]
    fn a_unit_names_the_program_its_flags_and_its_surroundings() {
        let unit = Unit {
            herder: Path::new("/opt/my herder/herder"),
            flags: &["--max".to_owned(), "3".to_owned()],
            env: &[("RALPH_DIR", "/s".to_owned())],
            secrets: Path::new("/h/100%/environment"),
            seat: Seat::of(Some(254)),
        };
        let text = unit.text();
        assert!(
            text.contains("\nDelegate=yes\n") && text.contains("\nDelegateSubgroup=herder-main\n"),
            "{text}"
        );
        let old = Unit { seat: Seat::of(Some(252)), ..unit }.text();
        assert!(old.contains("\nDelegate=yes\n") && !old.contains("DelegateSubgroup"), "{old}");
        assert!(text.contains("\nExecStart=\"/opt/my herder/herder\" up \"--max\" \"3\"\n"), "{text}");
        assert!(text.contains("\nEnvironment=\"RALPH_DIR=/s\"\n"), "{text}");
        assert!(text.contains("\nEnvironmentFile=-/h/100%%/environment\n"), "{text}");
    }
}
