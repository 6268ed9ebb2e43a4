//! `herder service ...`, with a double of systemctl and loginctl that answers as systemd's manual says.

use crate::bad_input::check_text;
use crate::scene::{HERDER, Scene};

/// Notes what it is asked. Nothing is active; a unit is enabled as long as its file is there.
const SYSTEMCTL: &str = "#!/bin/sh\necho \"$*\" >>\"$HOME/systemctl.log\"\ncase \"$2\" in\n\
    is-active) echo inactive; exit 3;;\n\
    is-enabled) test -f \"$HOME/.config/systemd/user/$3\" && echo enabled || { echo not-found; exit 4; };;\n\
    show) echo 252;;\nesac\n";

/// Notes what it is asked, and lets a user linger by a file, as logind does.
const LOGINCTL: &str = "#!/bin/sh\necho \"$*\" >>\"$HOME/loginctl.log\"\ncase \"$*\" in\n\
    *enable-linger) : >\"$HOME/lingers\";;\n*disable-linger) rm \"$HOME/lingers\";;\n\
    show-user*) test -f \"$HOME/lingers\" && echo yes || echo no;;\nesac\n";

/// As polkit lets it answer where it may not.
const REFUSING_LOGINCTL: &str = "#!/bin/sh\ntest \"$1\" = show-user && { echo no; exit; }\n\
    echo 'Could not enable linger: Access denied' >&2\nexit 1\n";

fn scene() -> Scene {
    let scene = Scene::bare();
    scene.home.install_program("systemctl", SYSTEMCTL);
    scene.home.install_program("loginctl", LOGINCTL);
    scene
}

fn lingers(scene: &Scene) -> bool {
    scene.home.home().join("lingers").exists()
}

fn asked(scene: &Scene) -> String {
    std::fs::read_to_string(scene.home.home().join("systemctl.log")).unwrap_or_default()
}

#[test]
fn a_unit_is_written_enabled_looked_at_and_removed() {
    let scene = scene();
    let path = scene.home.home().join(".config/systemd/user/herder.service");
    assert!(scene.ok(&["service", "status"]).contains("none; `herder service install` makes it"));
    let said = scene.ok(&["service", "install", "--", "--max", "3"]);
    assert!(said.starts_with(&format!("wrote and enabled {}\n", path.display())), "{said}");
    assert!(said.contains("loginctl enable-linger") && said.contains("environment, mode 0600"), "{said}");
    assert!(lingers(&scene), "it is there from boot on");
    let unit = std::fs::read_to_string(&path).unwrap();
    for line in [
        &format!("ExecStart=\"{HERDER}\" up \"--max\" \"3\"\n"),
        "KillMode=process\n",
        "Delegate=yes\n",
        "Restart=on-failure\n",
        &format!("Environment=\"RALPH_DIR={}\"\n", scene.home.state().display()),
        &format!("Environment=\"PATH={}:", scene.home.bin().display()),
    ] {
        assert!(unit.contains(line), "{line}{unit}");
    }
    assert_eq!(scene.ok(&["service", "install", "--print", "--", "--max", "3"]), unit);
    assert!(asked(&scene).contains("--user daemon-reload\n--user enable herder.service\n"));
    let status = scene.json(&["service", "status"]);
    assert_eq!((&status["enabled"], &status["active"]), (&"enabled".into(), &"inactive".into()), "{status}");
    assert_eq!((&status["is_ours"], &status["is_at_work"]), (&true.into(), &false.into()), "{status}");
    assert!(scene.ok(&["service", "install"]).starts_with("wrote anew"));
    let said = scene.ok(&["service", "uninstall"]);
    assert!(said.contains("end with your last session again") && !lingers(&scene), "{said}");
    assert!(!path.exists() && asked(&scene).contains("--user disable herder.service\n"));
    assert_eq!(scene.run(&["service", "uninstall"]).code, 3);
}

#[test]
fn linger_that_a_person_asked_for_is_left_as_it_is() {
    let scene = scene();
    scene.home.write("lingers", "");
    assert_eq!(scene.json(&["service", "install"])["linger"], "already");
    assert_eq!(scene.json(&["service", "install"])["linger"], "already");
    scene.ok(&["service", "uninstall"]);
    assert!(lingers(&scene));
    let asked = std::fs::read_to_string(scene.home.home().join("loginctl.log")).unwrap();
    assert!(!asked.contains("able-linger"), "{asked}");
}

#[test]
fn linger_that_is_refused_is_said_with_what_to_do_and_the_unit_is_there_all_the_same() {
    let scene = scene();
    scene.home.install_program("loginctl", REFUSING_LOGINCTL);
    let said = scene.ok(&["service", "install"]);
    assert!(said.contains("Access denied") && said.contains("sudo loginctl enable-linger"), "{said}");
    let said = scene.json(&["service", "uninstall"]);
    assert_eq!(said["linger"], serde_json::Value::Null, "nothing is to be taken back: {said}");
    let units = scene.home.home().join(".config/systemd/user");
    assert_eq!(std::fs::read_dir(units).unwrap().count(), 0, "neither unit nor note is left");
}

#[test]
fn what_could_not_work_is_refused_and_nothing_is_written() {
    let scene = scene();
    for flags in [&["--nonsense"][..], &["--max", "many"], &["--once"], &["--dry-run"], &["stray"]] {
        let refused = scene.run(&[&["service", "install", "--"], flags].concat());
        assert_eq!(refused.code, 2, "{flags:?}: {refused:?}");
        check_text(&refused, "herder up");
    }
    let path = scene.home.write(".config/systemd/user/herder.service", "[Service]\nExecStart=mine\n");
    for verb in ["install", "uninstall"] {
        let refused = scene.run(&["service", verb]);
        assert_eq!(refused.code, 4, "{refused:?}");
        check_text(&refused, "was not written by herder");
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), "[Service]\nExecStart=mine\n");
    assert!(!asked(&scene).contains("able"), "neither enabled nor disabled: {}", asked(&scene));
}

#[test]
fn without_systemd_one_sentence_says_what_to_do_instead() {
    let scene = Scene::bare();
    let refusing = "#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n";
    scene.home.install_program("systemctl", refusing);
    scene.home.install_program("loginctl", refusing);
    let refused = scene.run(&["service", "install"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    check_text(&refused, "no systemd of yours answers (Failed to connect to bus: No medium found)");
    assert!(refused.err.contains("tmux"), "{refused:?}");
    assert!(!scene.home.home().join(".config/systemd").exists());
    let status = scene.ok(&["service", "status"]);
    assert!(status.contains("unknown: no systemd of yours answers"), "{status}");
    assert!(scene.ok(&["service", "install", "--print"]).contains("\n[Install]\n"));
}
