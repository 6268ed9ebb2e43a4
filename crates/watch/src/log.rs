//! The part of a run's log that the screen shows. What it costs is bounded by the screen: a block of the log is read
//! where something is drawn, and none of what lies before it.

use std::io;

use herder_record::RunDir;
use herder_view::{LineKind, printable};

use crate::text::{Identity, Spot, Text};

/// A window on a log.
#[derive(Debug)]
pub(crate) struct Log {
    dir: RunDir,
    place: Place,
    /// Where the window began when it was shown last.
    top: u64,
    /// What was shown last.
    shown: Vec<(Identity, u64)>,
    found: Option<Found>,
}

/// Where the window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the end, whatever is added.
    End,
    /// From there on.
    From(Spot),
}

/// What is looked for, and where it was found last.
#[derive(Clone, Debug)]
struct Found {
    what: String,
    at: Option<Spot>,
}

/// A row of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) kind: LineKind,
    pub(crate) text: String,
}

/// Which way to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Older,
    Newer,
}

impl Log {
    /// The end of a run's log.
    pub(crate) fn of(dir: RunDir) -> Self {
        Self { dir, place: Place::End, top: 0, shown: Vec::new(), found: None }
    }

    /// The run.
    pub(crate) fn dir(&self) -> &RunDir {
        &self.dir
    }

    fn text(&self) -> io::Result<Text> {
        Text::open(&self.dir.log_parts())
    }

    /// Whether there is other text than what was shown last.
    pub(crate) fn is_stale(&self) -> bool {
        self.text().is_ok_and(|text| text.stamp() != self.shown)
    }

    /// Whether the window stays at the end.
    pub(crate) fn is_following(&self) -> bool {
        self.place == Place::End
    }

    /// What is looked for.
    pub(crate) fn looked_for(&self) -> Option<&str> {
        self.found.as_ref().map(|found| found.what.as_str())
    }

    /// What the window shows.
    pub(crate) fn rows(&mut self, height: usize, width: usize) -> io::Result<Vec<Row>> {
        let text = self.text()?;
        self.shown = text.stamp();
        if let Place::From(spot) = self.place {
            let rows = self.from(&text, text.place(spot), height, width)?;
            if rows.len() >= height {
                return Ok(rows);
            }
            self.place = Place::End;
        }
        self.end(&text, height, width)
    }

    fn from(&mut self, text: &Text, start: u64, height: usize, width: usize) -> io::Result<Vec<Row>> {
        self.top = start;
        let mut rows = Vec::new();
        for line in text.after(start)? {
            rows.extend(wrapped(&line.text, width));
            if rows.len() >= height {
                break;
            }
        }
        rows.truncate(height);
        Ok(rows)
    }

    fn end(&mut self, text: &Text, height: usize, width: usize) -> io::Result<Vec<Row>> {
        let mut rows: Vec<Row> = Vec::new();
        for line in text.before(text.length())?.iter().rev() {
            if rows.len() >= height {
                break;
            }
            self.top = line.start;
            rows.splice(0..0, wrapped(&line.text, width));
        }
        rows.drain(..rows.len().saturating_sub(height));
        Ok(rows)
    }

    /// Stays at the end from now on.
    pub(crate) fn follow(&mut self) {
        self.place = Place::End;
    }

    /// Goes to the beginning.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        let text = self.text()?;
        self.go(&text, 0);
        Ok(())
    }

    /// Moves the window by so many lines.
    pub(crate) fn scroll(&mut self, way: Way, lines: usize) -> io::Result<()> {
        let text = self.text()?;
        let top = match self.place {
            Place::End => self.top,
            Place::From(spot) => text.place(spot),
        };
        let to = match way {
            Way::Older => {
                let before = text.before(top)?;
                before.get(before.len().saturating_sub(lines)).map_or(top, |line| line.start)
            }
            Way::Newer if self.is_following() => return Ok(()),
            Way::Newer => text.after(top)?.get(lines).map_or(text.length(), |line| line.start),
        };
        self.go(&text, to);
        Ok(())
    }

    fn go(&mut self, text: &Text, to: u64) {
        self.place = text.spot(to).map_or(Place::End, Place::From);
    }

    /// Looks for a text, from the end on; says whether it is there. Letters are the same, large or small, unless one of
    /// what is looked for is large.
    pub(crate) fn look_for(&mut self, what: &str) -> io::Result<bool> {
        self.found = (!what.is_empty()).then(|| Found { what: what.to_owned(), at: None });
        self.look_on(Way::Older)
    }

    /// Looks on; says whether it is there once more.
    pub(crate) fn look_on(&mut self, way: Way) -> io::Result<bool> {
        let text = self.text()?;
        let Some(found) = &self.found else { return Ok(false) };
        let is_it = |line: &str| matches(line, &found.what).next().is_some();
        let last = found.at.map(|spot| text.place(spot));
        let at = match way {
            Way::Older => text.find_before(last.unwrap_or_else(|| text.length()), is_it)?,
            Way::Newer => match last {
                Some(last) => {
                    text.find_after(text.after(last)?.get(1).map_or(text.length(), |next| next.start), is_it)?
                }
                None => None,
            },
        };
        let Some(at) = at else { return Ok(false) };
        let spot = text.spot(at);
        if let Some(found) = &mut self.found {
            found.at = spot;
        }
        self.go(&text, at);
        Ok(true)
    }
}

/// Where a text occurs in a line: byte ranges.
pub(crate) fn matches<'l>(line: &'l str, what: &'l str) -> impl Iterator<Item = std::ops::Range<usize>> + 'l {
    let is_exact = what.chars().any(char::is_uppercase);
    let same = move |one: char, other: char| {
        one == other || (!is_exact && one.to_lowercase().eq(other.to_lowercase()))
    };
    let ends = move |start: usize| {
        let mut rest = line[start..].char_indices();
        for wanted in what.chars() {
            rest.next().filter(|(_, c)| same(*c, wanted))?;
        }
        Some(start..start + rest.next().map_or(line.len() - start, |(end, _)| end))
    };
    line.char_indices().filter_map(move |(start, _)| ends(start)).filter(|range| !range.is_empty())
}

/// A line as rows: broken between words where it is too long, and without what a terminal would obey.
fn wrapped(line: &str, width: usize) -> Vec<Row> {
    let kind = LineKind::of(line);
    let text = printable(line).replace('\t', "    ");
    let parts = textwrap::wrap(&text, textwrap::Options::new(width.max(1)).break_words(true));
    parts.into_iter().map(|part| Row { kind, text: part.into_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use herder_domain::run::RunId;
    use herder_record::StateDir;

    use super::*;

    struct Scene {
        _temp: tempfile::TempDir,
        dir: RunDir,
    }

    impl Scene {
        fn new() -> Self {
            let temp = tempfile::tempdir().unwrap();
            let run = RunId::try_from("app-1-1-abcdef".to_owned()).unwrap();
            let dir = RunDir::of(&StateDir::at(temp.path()), run);
            fs::create_dir_all(dir.path()).unwrap();
            Self { _temp: temp, dir }
        }

        fn write(&self, lines: std::ops::Range<u32>) {
            let text: String = lines.map(|number| format!("line {number}\n")).collect();
            fs::write(self.dir.log_path(), text).unwrap();
        }
    }

    fn shown(log: &mut Log) -> Vec<String> {
        log.rows(3, 20).unwrap().into_iter().map(|row| row.text).collect()
    }

    #[test]
    fn the_window_follows_until_it_is_moved_and_again_at_the_end() {
        let scene = Scene::new();
        let mut log = Log::of(scene.dir.clone());
        assert!(shown(&mut log).is_empty());
        scene.write(0..10);
        assert!(log.is_stale());
        assert_eq!(shown(&mut log), ["line 7", "line 8", "line 9"]);
        assert!(!log.is_stale());
        log.scroll(Way::Older, 2).unwrap();
        assert_eq!(shown(&mut log), ["line 5", "line 6", "line 7"]);
        scene.write(0..12);
        assert_eq!(shown(&mut log), ["line 5", "line 6", "line 7"]);
        log.scroll(Way::Newer, 5).unwrap();
        assert_eq!(shown(&mut log), ["line 9", "line 10", "line 11"]);
        assert!(log.is_following());
        log.begin().unwrap();
        assert_eq!(shown(&mut log), ["line 0", "line 1", "line 2"]);
        log.follow();
        assert_eq!(shown(&mut log), ["line 9", "line 10", "line 11"]);
    }

    #[test]
    fn a_log_that_is_rotated_or_made_anew_is_followed_on() {
        let scene = Scene::new();
        scene.write(0..10);
        let mut log = Log::of(scene.dir.clone());
        log.scroll(Way::Older, 1).unwrap();
        assert_eq!(shown(&mut log).len(), 3);
        log.begin().unwrap();
        let mut older = scene.dir.log_path().into_os_string();
        older.push(".1");
        fs::rename(scene.dir.log_path(), older).unwrap();
        scene.write(10..12);
        assert_eq!(shown(&mut log), ["line 0", "line 1", "line 2"]);
        log.follow();
        assert_eq!(shown(&mut log), ["line 9", "line 10", "line 11"]);
        fs::remove_dir_all(scene.dir.path()).unwrap();
        assert!(shown(&mut log).is_empty());
        fs::create_dir_all(scene.dir.path()).unwrap();
        scene.write(20..21);
        assert_eq!(shown(&mut log), ["line 20"]);
    }

    #[test]
    fn what_is_looked_for_is_found_from_the_end_on() {
        let scene = Scene::new();
        scene.write(0..40);
        let mut log = Log::of(scene.dir.clone());
        assert!(log.look_for("LINE 3").is_ok_and(|found| !found));
        assert!(log.look_for("ine 1").unwrap());
        assert_eq!(shown(&mut log)[0], "line 19");
        assert!(log.look_on(Way::Older).unwrap());
        assert_eq!(shown(&mut log)[0], "line 18");
        assert!(log.look_on(Way::Newer).unwrap());
        assert_eq!(shown(&mut log)[0], "line 19");
        assert!(!log.look_on(Way::Newer).unwrap());
        assert_eq!(matches("Öl und öl", "öl").collect::<Vec<_>>(), [0..3, 8..11]);
    }

    #[test]
    fn a_long_line_takes_rows_of_one_kind_and_nothing_is_obeyed() {
        let rows = wrapped("> Bash echo \u{1b}[2J and some more words", 16);
        assert!(rows.len() > 1 && rows.iter().all(|row| row.kind == LineKind::Tool), "{rows:?}");
        assert!(rows.iter().all(|row| !row.text.contains('\u{1b}')));
        assert_eq!(wrapped("", 10).len(), 1);
    }
}
