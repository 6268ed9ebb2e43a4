//! A place that notifications can be posted to, as ntfy would take them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::http::{Listener, Request, Responder, lock};
use crate::until;

/// One notification as it arrived.
#[derive(Debug, Clone)]
pub struct Post {
    /// Path of the request: `/topic`.
    pub path: String,
    /// Headers with names in lower case; credentials are replaced by their length.
    pub headers: HashMap<String, String>,
    /// The body as text.
    pub body: String,
}

/// Records every POST it gets and answers 200, until it is dropped.
pub struct NotifySink {
    listener: Listener,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl NotifySink {
    /// Listens on a free loopback port.
    pub fn start() -> NotifySink {
        let posts = Arc::new(Mutex::new(Vec::new()));
        let record = posts.clone();
        let listener = Listener::start(Arc::new(move |request, responder| take(&record, request, responder)));
        NotifySink { listener, posts }
    }

    /// `http://127.0.0.1:PORT`; add `/topic`.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// Everything posted so far, oldest first.
    pub fn received(&self) -> Vec<Post> {
        lock(&self.posts).clone()
    }

    /// Waits for `count` notifications and returns all.
    ///
    /// # Panics
    /// When fewer have come after `timeout`.
    #[track_caller]
    pub fn wait_for(&self, count: usize, timeout: Duration) -> Vec<Post> {
        until(&format!("{count} notifications"), timeout, || {
            Some(self.received()).filter(|posts| posts.len() >= count)
        })
    }
}

fn take(posts: &Mutex<Vec<Post>>, request: Request, responder: Responder) {
    if request.method != "POST" {
        let _ = responder.send(405, &[], b"");
        return;
    }
    let body = String::from_utf8_lossy(&request.body).into_owned();
    lock(posts).push(Post { path: request.path, headers: request.headers, body });
    let _ = responder.send(200, &[("content-type", "application/json")], b"{}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_posted_notification_is_kept_without_its_credential() {
        let sink = NotifySink::start();
        let url = format!("{}/herder", sink.url());
        ureq::post(&url)
            .header("title", "stuck")
            .header("authorization", "Bearer abc")
            .send("goal 3")
            .unwrap();
        let posts = sink.wait_for(1, Duration::from_secs(30));
        assert_eq!((posts[0].path.as_str(), posts[0].body.as_str()), ("/herder", "goal 3"));
        assert_eq!(posts[0].headers["title"], "stuck");
        assert_eq!(posts[0].headers["authorization"], "(10 characters)");
    }

    #[test]
    fn a_dropped_sink_answers_no_more() {
        let sink = NotifySink::start();
        let url = sink.url();
        drop(sink);
        assert!(ureq::post(&url).send("late").is_err());
    }
}
