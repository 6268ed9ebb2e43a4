//! git's way in.

use herder_testkit::http::lock;

use super::{Visit, login};
use crate::fault::Fault;
use crate::git::{Cgi, Service};
use crate::log::Entry;
use crate::op::account::{self, Asker};
use crate::op::{self, Refusal};
use crate::state::Permission;

use super::reply::{Reply, date};

/// A repository and what is wanted of it.
pub struct Place {
    key: String,
    rest: String,
}

/// Whether an address is git's: `/owner/name.git/info/refs`, with or without the `.git`.
pub fn place(path: &str) -> Option<Place> {
    const WANTED: [&str; 3] = ["info/refs", "git-upload-pack", "git-receive-pack"];
    let rest = WANTED.into_iter().find(|rest| path.ends_with(&format!("/{rest}")))?;
    let name = path.strip_suffix(rest)?.trim_matches('/');
    let name = name.strip_suffix(".git").unwrap_or(name);
    let is_name =
        name.matches('/').count() == 1 && !name.split('/').any(|word| word.is_empty() || word == "..");
    is_name.then(|| Place { key: name.to_ascii_lowercase(), rest: rest.to_owned() })
}

impl Visit<'_> {
    /// Has git answer, and takes over what a push changed.
    pub(super) fn git(&self, place: &Place) -> Reply {
        if let Some(answer) = self.fault.and_then(Fault::instead) {
            let kind = "text/plain".to_owned();
            return Reply {
                status: answer.status,
                headers: answer.headers.clone(),
                body: answer.bytes(),
                kind,
            };
        }
        let asker = {
            let inside = self.site.enter();
            let asker = account::identify(&inside.state, self.request.authorization.reveal());
            asker.map(|asker| login(&inside, &asker))
        };
        let header = |name: &str| self.request.headers.get(name).map(String::as_str);
        let actor = asker.clone().ok().flatten().unwrap_or_default();
        let cgi = Cgi {
            key: &place.key,
            rest: &place.rest,
            method: &self.request.method,
            query: &self.request.query,
            headers: [header("content-type"), header("content-encoding"), header("git-protocol")],
            login: &actor,
            body: &self.request.body,
        };
        let service = cgi.service();
        let (status, kind, body) = match asker.and_then(|login| self.admit(place, service, login.as_deref()))
        {
            Ok(()) if service == Some(Service::ReceivePack) && place.rest != "info/refs" => {
                self.receive(place, &actor, &cgi)
            }
            Ok(()) => self.site.git.serve(&cgi),
            Err(Refusal::Unauthorized(message)) => (401, "text/plain".to_owned(), message.into_bytes()),
            Err(Refusal::NotFound) => (404, "text/plain".to_owned(), b"Repository not found.".to_vec()),
            Err(_) => {
                let sentence = format!("Permission to {} denied to {actor}.", place.key);
                (403, "text/plain".to_owned(), sentence.into_bytes())
            }
        };
        self.note(service, &actor, status);
        let mut headers = vec![
            ("cache-control".to_owned(), "no-cache, max-age=0, must-revalidate".to_owned()),
            ("date".to_owned(), date(self.site.enter().state.now())),
        ];
        if status == 401 {
            headers.push(("www-authenticate".to_owned(), "Basic realm=\"GitHub\"".to_owned()));
        }
        Reply { status, headers, body, kind }
    }

    /// Whether somebody may do that here. A private repository does not exist for a stranger, who is asked who they
    /// are first.
    fn admit(&self, place: &Place, service: Option<Service>, actor: Option<&str>) -> Result<(), Refusal> {
        let inside = self.site.enter();
        let service = service.ok_or_else(|| Refusal::Forbidden("no such service".to_owned()))?;
        let unknown = || match actor {
            Some(_) => Refusal::NotFound,
            None => Refusal::Unauthorized("Requires authentication".to_owned()),
        };
        let repo = inside.state.repo(&place.key).ok_or_else(unknown)?;
        let has = repo.permission(actor.unwrap_or_default()).ok_or_else(unknown)?;
        match (service, actor) {
            (Service::UploadPack, _) => Ok(()),
            (Service::ReceivePack, None) => Err(unknown()),
            (Service::ReceivePack, Some(_)) if has < Permission::Write || repo.is_archived => {
                Err(Refusal::Forbidden("denied".to_owned()))
            }
            (Service::ReceivePack, Some(_)) => Ok(()),
        }
    }

    /// One push at a time for each repository, so that each change of a ref has one author.
    fn receive(&self, place: &Place, actor: &str, cgi: &Cgi<'_>) -> crate::git::CgiAnswer {
        let turn = self.site.git.push_lock(&place.key);
        let _mine = lock(&turn);
        let refused = {
            let inside = self.site.enter();
            inside.state.repo(&place.key).map(|repo| op::refs::refused(repo, actor)).unwrap_or_default()
        };
        self.site.git.refuse(&place.key, &refused);
        let answer = self.site.git.serve(cgi);
        let followed = self.site.act(Some(actor), &self.root, |ctx| op::refs::pushed(ctx, &place.key));
        assert!(followed.is_ok(), "a push of a signed-in person is taken over: {followed:?}");
        answer
    }

    fn note(&self, service: Option<Service>, actor: &str, status: u16) {
        let mut inside = self.site.enter();
        let operation = match service {
            Some(Service::UploadPack) => Some("git-upload-pack"),
            Some(Service::ReceivePack) => Some("git-receive-pack"),
            None => None,
        };
        // git asks without a credential first and comes back with one: that is its way, not a mistake.
        let is_first_try = status == 401 && self.request.authorization.reveal().is_empty();
        let entry = Entry {
            at: inside.state.now(),
            actor: Some(actor.to_owned()).filter(|actor| !actor.is_empty()),
            token: match account::identify(&inside.state, self.request.authorization.reveal()) {
                Ok(Asker::Token(secret)) => Some(secret),
                Ok(Asker::Nobody | Asker::App(_)) | Err(_) => None,
            },
            method: self.request.method.clone(),
            path: self.path.clone(),
            query: self.request.query.clone(),
            operation: operation.map(str::to_owned),
            status,
            cost: 0,
            is_spoilt: is_first_try || self.fault.is_some(),
        };
        inside.log.push(entry);
    }
}
