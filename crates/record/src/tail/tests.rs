//! A follower loses nothing and starts again where the file does.

use std::fs::OpenOptions;
use std::io::Write;

use tempfile::TempDir;

use super::*;

struct Scene {
    _temp: TempDir,
    path: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("ralph.log");
        Self { _temp: temp, path }
    }

    fn add(&self, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
}

/// All that is there now, with a `|` before what began anew.
fn all(tail: &mut Tail) -> String {
    let mut seen = String::new();
    while let Some(chunk) = tail.read().unwrap() {
        seen.push_str(if chunk.is_anew { "|" } else { "" });
        seen.push_str(&String::from_utf8(chunk.bytes).unwrap());
    }
    seen
}

#[test]
fn what_is_added_is_seen_once() {
    let scene = Scene::new();
    let mut tail = Tail::from_start(&scene.path);
    assert_eq!(all(&mut tail), "");
    scene.add("one\n");
    scene.add("tw");
    assert_eq!(all(&mut tail), "one\ntw");
    scene.add("o\n");
    assert_eq!(all(&mut tail), "o\n");
    assert_eq!(all(&mut tail), "");
}

#[test]
fn a_large_file_comes_in_bounded_chunks() {
    let scene = Scene::new();
    scene.add(&"x".repeat(3 * CHUNK + 5));
    let mut tail = Tail::from_start(&scene.path);
    let mut sizes = vec![];
    while let Some(chunk) = tail.read().unwrap() {
        sizes.push(chunk.bytes.len());
    }
    assert_eq!(sizes, [CHUNK, CHUNK, CHUNK, 5]);
}

#[test]
fn a_rotated_file_is_read_to_its_end_before_the_new_one() {
    let scene = Scene::new();
    scene.add("one\n");
    let mut tail = Tail::from_start(&scene.path);
    assert_eq!(all(&mut tail), "one\n");
    scene.add("two\n");
    fs::rename(&scene.path, scene.path.with_extension("old")).unwrap();
    scene.add("three\n");
    assert_eq!(all(&mut tail), "two\n|three\n");
}

#[test]
fn a_file_that_is_emptied_or_made_anew_begins_again() {
    let scene = Scene::new();
    scene.add("one\n");
    let mut tail = Tail::from_start(&scene.path);
    assert_eq!(all(&mut tail), "one\n");
    fs::write(&scene.path, "2\n").unwrap();
    assert_eq!(all(&mut tail), "|2\n");
    fs::remove_file(&scene.path).unwrap();
    assert_eq!(all(&mut tail), "");
    scene.add("longer than before\n");
    assert_eq!(all(&mut tail), "|longer than before\n");
}

#[test]
fn the_last_lines_are_the_last() {
    let scene = Scene::new();
    let from = |lines| all(&mut Tail::from_last_lines(&scene.path, lines).unwrap());
    assert_eq!(from(3), "");
    scene.add("one\ntwo\nthree\n");
    assert_eq!(from(0), "");
    assert_eq!(from(1), "three\n");
    assert_eq!(from(2), "two\nthree\n");
    assert_eq!(from(9), "one\ntwo\nthree\n");
    scene.add("fo");
    assert_eq!(from(2), "three\nfo");
    scene.add(&"x".repeat(2 * CHUNK));
    assert_eq!(from(1).len(), 2 + 2 * CHUNK);
    assert!(from(2).starts_with("three\nfox"));
}

#[test]
fn a_follower_is_woken_by_what_another_thread_writes() {
    let scene = Scene::new();
    let mut tail = Tail::from_start(&scene.path);
    let mut seen = String::new();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..100).for_each(|number| scene.add(&format!("{number}\n"))));
        while !seen.ends_with("99\n") {
            if let Some(chunk) = tail.read_or_wait(Duration::from_secs(60)).unwrap() {
                seen.push_str(&String::from_utf8(chunk.bytes).unwrap());
            }
        }
    });
    let expected: String = (0..100).map(|number| format!("{number}\n")).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_directory_that_comes_later_is_followed_too() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("runs/one/ralph.log");
    let mut tail = Tail::from_start(&path);
    assert_eq!(tail.read_or_wait(Duration::from_millis(1)).unwrap(), None);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "here\n").unwrap();
    assert_eq!(tail.read_or_wait(Duration::from_secs(1)).unwrap().unwrap().bytes, b"here\n");
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    assert_eq!(tail.read_or_wait(Duration::from_millis(1)).unwrap(), None);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "again\n").unwrap();
    let chunk = tail.read_or_wait(Duration::from_secs(1)).unwrap().unwrap();
    assert_eq!((chunk.bytes.as_slice(), chunk.is_anew), (b"again\n".as_slice(), true));
}
