//! A file of rows, and a dashboard that shows it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use herder_dashboard::{Bind, Book, Serving, Site, Token, serve};
use herder_testkit::until::until;
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;

/// How long a condition may take before the test is hopeless.
pub const HOPELESS: Duration = Duration::from_secs(60);

pub struct Scene {
    pub book: Arc<Book>,
    pub serving: Serving,
    pub file: PathBuf,
    _temp: TempDir,
}

/// An answer of the dashboard.
pub struct Said {
    pub status: u16,
    pub text: String,
    pub headers: ureq::http::HeaderMap,
}

pub fn journal() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../record/tests/fixtures/journal.jsonl");
    fs::read_to_string(file).unwrap()
}

impl Scene {
    pub fn of(rows: &str) -> Self {
        Self::asking(rows, None)
    }

    /// A dashboard that asks for a token.
    pub fn asking(rows: &str, token: Option<&str>) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("stats.jsonl");
        fs::write(&file, rows).unwrap();
        let book = Book::open(&file, TimeZone::UTC);
        let token = token.map(|token| Token::new(token).unwrap());
        let bind = Bind::new(([127, 0, 0, 1], 0).into(), token).unwrap();
        let serving =
            serve(Site::of_numbers(Arc::clone(&book)).unwrap(), &bind, vec!["box.lan".to_owned()]).unwrap();
        let scene = Self { book, serving, file, _temp: temp };
        scene.read();
        scene
    }

    /// Waits until all of the file has been read.
    pub fn read(&self) {
        let length = fs::metadata(&self.file).unwrap().len();
        until("all rows read", HOPELESS, || {
            let reading = self.book.reading();
            (reading.is_whole && reading.read_bytes >= length).then_some(())
        });
    }

    pub fn add(&self, rows: &str) {
        let mut file = fs::OpenOptions::new().append(true).open(&self.file).unwrap();
        file.write_all(rows.as_bytes()).unwrap();
        self.read();
    }

    pub fn get(&self, path: &str) -> Said {
        self.get_with(path, &[])
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Said {
        get(&format!("http://{}{path}", self.serving.address()), headers)
    }

    pub fn json(&self, path: &str) -> Value {
        let said = self.get(path);
        assert_eq!(said.status, 200, "{}", said.text);
        serde_json::from_str(&said.text).unwrap()
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}

fn said(mut response: ureq::http::Response<ureq::Body>) -> Said {
    let text = response.body_mut().read_to_string().unwrap();
    Said { status: response.status().as_u16(), text, headers: response.headers().clone() }
}

/// Reads an address.
pub fn get(address: &str, headers: &[(&str, &str)]) -> Said {
    let request = agent().get(address);
    said(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).call().unwrap())
}

/// Sends a text to an address.
pub fn post(address: &str, body: &str, headers: &[(&str, &str)]) -> Said {
    let request = agent().post(address);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    said(request.send(body).unwrap())
}
