//! A state directory that cannot be used, a reader that goes away.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

use crate::bad_input::{check_json, check_text};
use crate::scene::{GOAL, Said, Scene, feed};

/// Root may write everywhere by a capability; what is started without it in the bounding set has it not.
fn without_privilege(command: Command, input: &[u8]) -> Said {
    std::thread::scope(|scope| {
        let fed = scope.spawn(move || {
            for capability in [CapabilitySet::DAC_OVERRIDE, CapabilitySet::DAC_READ_SEARCH] {
                // An ordinary user has neither, and may not lay them down.
                let _ = remove_capability_from_bounding_set(capability);
            }
            feed(command, input)
        });
        fed.join().unwrap()
    })
}

#[test]
fn a_read_only_state_directory() {
    let scene = Scene::new();
    scene.goal("Kept", &[]);
    let mode = |mode| fs_err::set_permissions(scene.home.state(), Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    let said = [["goal", "create", "--title", "T"].as_slice(), &["up", "--once"]].map(|args| {
        let text = without_privilege(scene.command(args), GOAL.as_bytes());
        let json = without_privilege(scene.command(&[args, &["--json"]].concat()), GOAL.as_bytes());
        (text, json)
    });
    mode(0o700);
    for (text, json) in said {
        assert_eq!((text.code, json.code), (6, 6), "{text:?}");
        check_text(&text, "as the state directory");
        check_json(&json, "environment", "RALPH_DIR");
    }
    assert_eq!(scene.json(&["goal", "list"])["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_state_directory_that_cannot_be() {
    let scene = Scene::bare();
    fs_err::write(scene.home.path().join("file"), "x").unwrap();
    let mut list = scene.command(&["goal", "list"]);
    list.env("RALPH_DIR", scene.home.path().join("file"));
    let said = feed(list, b"");
    assert_eq!(said.code, 6);
    check_text(&said, "state directory");
    let mut nowhere = scene.command(&["goal", "list"]);
    nowhere.env_remove("RALPH_DIR").env_remove("HOME");
    let said = feed(nowhere, b"");
    assert_eq!(said.code, 6);
    check_text(&said, "set RALPH_DIR or HOME");
}

#[test]
fn a_corrupt_database_is_left_as_it_is() {
    let scene = Scene::new();
    let path = scene.home.state().join("herder.db");
    let garbage = vec![0x5a; 8192];
    fs_err::write(&path, &garbage).unwrap();
    for args in [["goal", "list"].as_slice(), &["up", "--once"], &["goal", "create", "--title", "T"]] {
        let said = scene.with(args, GOAL);
        assert_eq!(said.code, 6, "{said:?}");
        check_text(&said, "not a database");
        assert!(said.err.contains("nothing was changed"), "{said:?}");
    }
    assert_eq!(fs_err::read(&path).unwrap(), garbage);
    let doctor = scene.run(&["doctor"]);
    assert_eq!(doctor.code, 6);
    assert!(doctor.out.contains("ERROR  database"), "{doctor:?}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let scene = Scene::new();
    scene.goal("Hello", &[]);
    for args in [["goal", "list"].as_slice(), &["--help"], &["goal", "list", "--json"]] {
        let mut command = scene.command(args);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
        let said = Said::of(command.output().unwrap());
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}");
    }
}
