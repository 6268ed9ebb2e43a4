//! The home in which a page's commands are typed, and the shell that carries them out.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use herder_fakehub::{Hub, Permission};
use herder_testkit::{TempHome, until};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::compare::{ANY, agrees, lines};
use crate::gh::HUB;

/// What is there before a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// A home with a git identity, and settings that name an agent without an account.
    Empty,
    /// The same with a repository `~/src/app` that has a Makefile and no gate, on branch main.
    App,
    /// The same with an empty repository `ada/hello` on a GitHub of the page's own, a clone of it in `~/src/hello`, and a
    /// `gh` that knows a little.
    Github,
    /// The same with a gate, a bare origin `~/src/app.git`, and registered as `acme/app`; one stands in it.
    Registered,
}

/// An agent that plays what a page's setup wrote: the first file in `~/.cast` whose first line, `# when: TEXT`,
/// is found in the prompt is carried out in the clone; without one it writes a note.
const AGENT: &str = r##"#!/bin/sh
prompt=$(cat)
for scene in CAST/*; do
    when=$(sed -n '1s/^# when: //p' "$scene" 2>/dev/null)
    case "$prompt" in *"${when:-nothing at all}"*) exec sh "$scene" ;; esac
done
echo "work" >> notes.txt
"##;

const GATE: &str = "mkdir -p .ralph && printf '#!/bin/sh\\nset -e\\nmake test\\n' > .ralph/check && \
    chmod +x .ralph/check && git add .ralph && git commit -qm 'Add the gate'";

/// The host is this home's own: what is left of a run is found by the run's name, which is made of the repository's,
/// and other pages are carried out at the same time.
const BARE: &str = "git clone -q --bare . ../app.git && git remote add origin ~/src/app.git && \
    git push -q -u origin main && herder repo add . --name $DOCS_HOST/acme/app >/dev/null";

/// A page's home.
pub struct Stage {
    home: TempHome,
    commands: std::cell::Cell<usize>,
    /// A GitHub, where the page begins with one.
    hub: Option<Hub>,
}

/// What a command came to.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    /// Both of its streams, as a terminal shows them; the home is `~` in it.
    pub printed: String,
}

impl Base {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "empty" => Some(Self::Empty),
            "app" => Some(Self::App),
            "github" => Some(Self::Github),
            "registered" => Some(Self::Registered),
            _ => None,
        }
    }
}

impl Stage {
    pub fn new(base: Base) -> Self {
        let home = TempHome::new();
        let hub = (base == Base::Github).then(Hub::start);
        let stage = Self { home, commands: std::cell::Cell::new(0), hub };
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_herder"), stage.home.bin().join("herder")).unwrap();
        let cast = stage.home.home().join(".cast");
        stage.home.install_program("herder-cast", &AGENT.replace("CAST", &cast.display().to_string()));
        stage.home.write(".cast/.keep", "");
        let git = "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n";
        stage.home.write(".gitconfig", git);
        stage.home.write(".config/herder/config.toml", &stage.config());
        stage.play("", "");
        match base {
            Base::Empty => {}
            Base::App => stage.app(""),
            Base::Github => stage.github(),
            Base::Registered => stage.app(&format!("{GATE} && {BARE} && cd ~/src/app")),
        }
        stage
    }

    fn config(&self) -> String {
        format!(
            "agent = \"cast\"\n[agents.cast]\nkind = \"command\"\nprogram = {:?}\n[backoff]\nfirst = \"1s\"\n\
             [sandbox]\nread = [{:?}]\n",
            self.home.bin().join("herder-cast"),
            self.home.home().join(".cast"),
        )
    }

    fn github(&self) {
        let Some(hub) = &self.hub else { return };
        let (url, token) = (hub.url(), hub.user("ada"));
        hub.repo("ada/hello").grant("ada", Permission::Admin).auto_merge().create();
        std::os::unix::fs::symlink(std::env::current_exe().unwrap(), self.home.bin().join("gh")).unwrap();
        let table = format!(
            "[forge.\"github.com\"]\napi = \"{url}\"\ngraphql = \"{url}/graphql\"\ngit = \"{url}\"\npoll = \"1s\"\n"
        );
        self.home.write(".config/herder/config.toml", &(self.config() + &table));
        let git = format!(
            "[user]\n\tname = Ada\n\temail = ada@example.com\n[url \"{}/\"]\n\tinsteadOf = https://github.com/\n",
            url.replacen("http://", &format!("http://ada:{token}@"), 1)
        );
        self.home.write(".gitconfig", &git);
        let begun = self.script(&format!("export {HUB}={url} A_TOKEN={token}\nmkdir -p ~/src\n"));
        assert_eq!(begun.code, 0, "{begun:?}");
    }

    fn app(&self, more: &str) {
        self.home.write("src/app/Makefile", "test:\n\ttest -f README.md\n");
        self.home.write("src/app/README.md", "# app\n");
        let begin = "cd ~/src/app && git init -q && git add . && git commit -qm Begin";
        let begun = self.script(&format!("{begin}\n{more}\n"));
        assert_eq!(begun.code, 0, "{begun:?}");
        if more.is_empty() {
            self.script("cd ~");
        }
    }

    /// Writes a file, named from the home (`~/` may be left out).
    pub fn write(&self, path: &str, text: &str) {
        self.home.write(path.trim_start_matches("~/"), text);
    }

    /// Carries a script out that stops at its first failure.
    pub fn script(&self, text: &str) -> Ended {
        let (child, out) = self.start(text);
        self.wait(child, &out)
    }

    /// Carries a command out until its output begins with what is shown, then types Ctrl-C.
    pub fn interrupted(&self, text: &str, shown: &[String]) -> Result<Ended, Ended> {
        let (mut child, out) = self.start(text);
        let shown: Vec<&str> = shown.iter().map(String::as_str).chain([ANY]).collect();
        let what = format!("the output that is shown for {text:?}");
        let is_shown = until(&what, Duration::from_secs(120), || {
            // What is read after the end is all there will ever be.
            let has_ended = child.try_wait().unwrap().is_some();
            let is_shown = agrees(&shown, &lines(&self.read(&out)));
            (is_shown || has_ended).then_some(is_shown)
        });
        if !is_shown {
            return Err(self.wait(child, &out));
        }
        kill_process_group(Pid::from_child(&child), Signal::INT).unwrap();
        Ok(self.wait(child, &out))
    }

    fn play(&self, environment: &str, directory: &str) {
        fs_err::write(self.home.path().join("env"), environment).unwrap();
        let start = self.home.home().display().to_string();
        let directory = if directory.is_empty() { start.as_str() } else { directory };
        fs_err::write(self.home.path().join("cwd"), directory).unwrap();
    }

    /// Each command has a shell of its own, which begins where the last one ended: a page can neither end the
    /// shell of the next command, nor give it anything to read.
    fn start(&self, text: &str) -> (Child, PathBuf) {
        let number = self.commands.replace(self.commands.get() + 1);
        let (script, out) =
            (self.home.path().join(format!("{number}.sh")), self.home.path().join(format!("{number}.out")));
        let keep = "trap '__code=$?; pwd > \"$__AT/cwd\"; export -p > \"$__AT/env\"; exit $__code' EXIT";
        let whole = format!("cd \"$(cat \"$__AT/cwd\")\"\n. \"$__AT/env\"\n{keep}\nset -e\n{text}");
        fs_err::write(&script, whole).unwrap();
        let file = fs_err::File::create(&out).unwrap().into_file();
        let mut shell = self.home.herder("bash");
        shell
            .arg(&script)
            .env_remove("RALPH_DIR")
            .env("__AT", self.home.path())
            .env("USER", "ada")
            .env("DOCS_HOST", self.home.marker());
        shell.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).process_group(0);
        (spawned(shell), out)
    }

    fn wait(&self, mut child: Child, out: &std::path::Path) -> Ended {
        let status = child.wait().unwrap();
        let ended = Ended { code: status.code().unwrap_or(-1), printed: self.read(out) };
        self.show(&ended);
        ended
    }

    /// For whoever writes a page and wants to paste what is printed.
    #[expect(clippy::print_stdout, reason = "asked for by the person who runs the test")]
    fn show(&self, ended: &Ended) {
        if std::env::var_os("HERDER_DOCS_SHOW").is_some() {
            println!("{}[{}]", ended.printed, ended.code);
        }
    }

    fn read(&self, out: &std::path::Path) -> String {
        let bytes = fs_err::read(out).unwrap();
        String::from_utf8_lossy(&bytes).replace(&self.home.home().display().to_string(), "~")
    }

    /// Nothing that a page started may outlive it.
    pub fn end(self) {
        self.home.assert_no_process_left();
    }
}

fn spawned(mut shell: Command) -> Child {
    shell.spawn().unwrap()
}
