//! The way in: from a connection to a deed and back. Who asks, how much they have left, whether they know the answer
//! already, and what is written down of it.

mod git;
mod reply;

use std::sync::Arc;

use herder_testkit::http::{Handler, Request, Responder};
use serde_json::{Value, json};

use crate::contract::{Exchange, contract};
use crate::fault::{self, Fault};
use crate::graphql;
use crate::lack::Lack;
use crate::limit;
use crate::log::{Entry, Excuse};
use crate::op::account::{self, Asker};
use crate::op::{Ctx, Refusal};
use crate::rest::{self, Answer, Body, Call, Found};
use crate::site::{Inside, Site};
use crate::state::Pool;

/// Where questions to GraphQL go: the second is an Enterprise server's.
const GRAPHQL: [&str; 2] = ["/graphql", "/api/graphql"];

/// Where a connection came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// The port: addresses of answers lead back to it.
    Port,
    /// A socket file: the hub takes itself for the real one.
    Socket,
}

/// What answers connections.
pub fn handler(site: Arc<Site>, entrance: Entrance) -> Arc<Handler> {
    Arc::new(move |request, responder| {
        let mut visit = Visit::new(&site, entrance, request);
        visit.fault = visit.due();
        visit.serve(responder);
    })
}

/// One request on its way.
pub(crate) struct Visit<'a> {
    site: &'a Site,
    request: Request,
    /// What addresses of answers begin with.
    root: String,
    /// The address behind that.
    path: String,
    /// What goes wrong with it.
    fault: Option<Fault>,
}

impl<'a> Visit<'a> {
    fn new(site: &'a Site, entrance: Entrance, request: Request) -> Visit<'a> {
        let host = request.headers.get("host").cloned().unwrap_or_default();
        let host = match entrance {
            Entrance::Port => format!("http://{host}"),
            Entrance::Socket => "https://api.github.com".to_owned(),
        };
        let (root, path) = match request.path.strip_prefix("/api/v3") {
            Some(rest) => (format!("{host}/api/v3"), rest.to_owned()),
            None => (host, request.path.clone()),
        };
        Visit { site, request, root, path, fault: None }
    }

    /// What goes wrong with this request, if anything does.
    fn due(&self) -> Option<Fault> {
        let mut inside = self.site.enter();
        let token = self.token(&inside);
        fault::due(&mut inside.faults, &self.request, token.as_deref())
    }

    fn serve(&self, responder: Responder) {
        self.note_mail();
        match self.fault {
            Some(Fault::CutBefore) => {
                self.note_cut();
                return responder.hang_up();
            }
            Some(Fault::Delay(time)) if responder.pause(time).is_err() => return,
            Some(
                Fault::Status(_)
                | Fault::CutAfter
                | Fault::Delay(_)
                | Fault::Stale(_)
                | Fault::HalfPage
                | Fault::Malformed
                | Fault::Secondary(..),
            )
            | None => {}
        }
        let mut reply = match git::place(&self.path) {
            Some(place) => self.git(&place),
            None => self.api(),
        };
        if self.fault == Some(Fault::CutAfter) {
            return responder.hang_up();
        }
        if self.fault == Some(Fault::Malformed) {
            reply.body.truncate(reply.body.len() / 2);
        }
        reply::send(reply, responder);
    }

    /// Writes down a request that nobody answered.
    fn note_cut(&self) {
        let mut inside = self.site.enter();
        let cut = Answer { status: 0, ..Answer::nothing() };
        self.finish(&mut inside, None, Pool::Core, 0, Some("cut".to_owned()), cut);
    }

    /// How many revisions ago a look is to be.
    fn staleness(&self) -> usize {
        if let Some(Fault::Stale(revisions)) = self.fault { revisions } else { 0 }
    }

    /// A request to the API.
    fn api(&self) -> reply::Reply {
        let mut inside = self.site.enter();
        if !self.request.headers.contains_key("user-agent") {
            let sentence = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
            return self.finish(
                &mut inside,
                None,
                Pool::Core,
                0,
                None,
                rest::refuse(Refusal::Forbidden(sentence.to_owned())),
            );
        }
        let asker = match account::identify(&inside.state, self.request.authorization.reveal()) {
            Ok(asker) => asker,
            Err(refusal) => {
                return self.finish(&mut inside, None, Pool::Core, 0, None, rest::refuse(refusal));
            }
        };
        let login = login(&inside, &asker);
        if let Some(answer) = self.fault.and_then(Fault::instead) {
            return self.finish(&mut inside, login, Pool::Core, 0, Some("fault".to_owned()), answer);
        }
        if let Some(lack) = inside.lacks.iter().find(|lack| lack.hides(&self.path)) {
            let route = Some(format!("lacks {lack:?}"));
            return self.finish(&mut inside, login, Pool::Core, 0, route, rest::refuse(Refusal::NotFound));
        }
        if self.path == "/rate_limit" && self.request.method == "GET" {
            let body = limit::overview(&inside.state, login.as_deref());
            let route = Some("/rate_limit".to_owned());
            return self.finish(&mut inside, login, Pool::Core, 0, route, Answer::ok(body));
        }
        if GRAPHQL.contains(&self.path.as_str()) {
            return self.graphql(&mut inside, login);
        }
        if limit::account(&inside.state, login.as_deref(), Pool::Core).remaining() == 0 {
            let answer = exhausted(&inside, login.as_deref());
            return self.finish(&mut inside, login, Pool::Core, 0, Some("exhausted".to_owned()), answer);
        }
        let stale = if self.request.method == "GET" { self.staleness() } else { 0 };
        let look = |inside: &mut Inside| self.rest(inside, asker, login.as_deref());
        let (operation, mut answer) = if stale > 0 { inside.as_of(stale, look) } else { look(&mut inside) };
        if self.fault == Some(Fault::HalfPage) {
            Fault::halve(&mut answer);
        }
        inside.lacks.iter().for_each(|lack| lack.strip(&mut answer));
        let has_etags = !inside.lacks.contains(&Lack::Etags);
        let answer = if has_etags { self.unless_known(answer) } else { answer };
        let cost = u64::from(answer.status != 304);
        limit::charge(&mut inside.state, login.as_deref(), Pool::Core, cost);
        self.finish(&mut inside, login, Pool::Core, cost, operation, answer)
    }

    /// A question to GraphQL, which has an allowance of its own. What it refuses, it refuses with 200.
    fn graphql(&self, inside: &mut Inside, login: Option<String>) -> reply::Reply {
        let finish = |inside: &mut Inside, cost, name, answer| {
            self.finish(inside, login.clone(), graphql::POOL, cost, name, answer)
        };
        if let Err(refusal) = graphql::admit(login.as_deref()) {
            return finish(inside, 0, None, rest::refuse(refusal));
        }
        if limit::account(&inside.state, login.as_deref(), graphql::POOL).remaining() == 0 {
            let answer = exhausted(inside, login.as_deref());
            return finish(inside, 0, Some("exhausted".to_owned()), answer);
        }
        let question = self.body().map(|body| graphql::Question::read(&body));
        let Ok(Some(question)) = question else {
            let body = json!({ "message": "A query attribute must be specified and must be a string." });
            return finish(inside, 0, None, Answer { status: 400, ..Answer::ok(body) });
        };
        let stale = if question.is_mutation() { 0 } else { self.staleness() };
        let ask = |inside: &mut Inside| self.site.ask(inside, login.as_deref(), &self.root, &question);
        let outcome = if stale > 0 { inside.as_of(stale, ask) } else { ask(inside) };
        limit::charge(&mut inside.state, login.as_deref(), graphql::POOL, outcome.cost);
        inside.violations.extend(outcome.violations);
        finish(inside, outcome.cost, Some(outcome.name), Answer::ok(outcome.body))
    }

    /// Looks the address up and does what it says.
    fn rest(&self, inside: &mut Inside, asker: Asker, login: Option<&str>) -> (Option<String>, Answer) {
        let method = self.request.method.as_str();
        let Found::Route(route, params) = rest::find(method, &self.path) else {
            return (None, rest::refuse(Refusal::NotFound));
        };
        let token = self.token(inside).and_then(|token| inside.state.tokens.get(&token));
        let granted = token.and_then(|token| token.permissions.as_ref());
        if let Some(answer) = granted.and_then(|granted| rest::not_permitted(granted, method, route.template))
        {
            return (Some(route.template.to_owned()), answer);
        }
        let body = match self.body() {
            Ok(body) => body,
            Err(answer) => return (Some(route.template.to_owned()), answer),
        };
        let url = format!("{}{}", self.root, self.path);
        let call = Call { params, query: query(&self.request.query), body, asker, url };
        let deed = |ctx: &mut Ctx<'_>| (route.handler)(&call, ctx);
        let asked = (call.query.clone(), call.body.clone());
        let done = match method {
            "GET" => self.site.look_within(inside, login, &self.root, deed),
            _ => self.site.act_within(inside, login, &self.root, deed),
        };
        let answer = done.unwrap_or_else(rest::refuse);
        self.judge(inside, route.template, &asked, &answer);
        (Some(route.template.to_owned()), answer)
    }

    /// Holds a request and its answer against GitHub's description. A refusal that a test has announced is its own
    /// affair: it may be about a request that makes no sense.
    fn judge(
        &self,
        inside: &mut Inside,
        template: &'static str,
        asked: &(Vec<(String, String)>, Value),
        answer: &Answer,
    ) {
        let (method, status) = (self.request.method.as_str(), answer.status);
        let excused = |excuse: &Excuse| excuse.covers(method, &self.path, status);
        let Some(contract) = contract().filter(|_| !template.starts_with("/_")) else { return };
        if inside.excuses.iter().any(excused) {
            return;
        }
        let (query, asked) = asked;
        let answered = match &answer.body {
            Body::Json(value) => Some(value),
            Body::Empty | Body::Text(_) => None,
        };
        let exchange = Exchange { method, template, query, asked, status, answered };
        inside.violations.extend(contract.violations(&exchange));
    }

    /// The body as JSON.
    fn body(&self) -> Result<Value, Answer> {
        if self.request.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.request.body).map_err(|_| {
            let body = json!({ "message": "Problems parsing JSON", "documentation_url": "https://docs.github.com/rest", "status": "400" });
            Answer { status: 400, body: Body::Json(body), headers: Vec::new() }
        })
    }

    /// 304 for who has this very answer.
    fn unless_known(&self, mut answer: Answer) -> Answer {
        if self.request.method != "GET" || answer.status != 200 {
            return answer;
        }
        let tag = reply::etag(&answer);
        let known = self.request.headers.get("if-none-match");
        let is_known = known.is_some_and(|known| known.split(", ").any(|one| one == tag || one == "*"));
        answer.headers.push(("etag".to_owned(), tag));
        if is_known {
            answer.status = 304;
            answer.body = Body::Empty;
        }
        answer
    }

    /// Writes down what was asked and adds what all answers have.
    fn finish(
        &self,
        inside: &mut Inside,
        login: Option<String>,
        pool: Pool,
        cost: u64,
        operation: Option<String>,
        answer: Answer,
    ) -> reply::Reply {
        let account = limit::account(&inside.state, login.as_deref(), pool);
        let has_limits = !inside.lacks.contains(&Lack::RateLimits);
        let mut headers = if has_limits { limit::headers(&account, pool) } else { Vec::new() };
        headers.extend(answer.headers.clone());
        let token = self.token(inside);
        if let Some(token) = token.as_ref().and_then(|token| inside.state.tokens.get(token))
            && token.permissions.is_none()
        {
            headers.push(("x-oauth-scopes".to_owned(), token.scopes.join(", ")));
        }
        headers.push(("date".to_owned(), reply::date(inside.state.now())));
        headers.push(("x-github-request-id".to_owned(), format!("HUB:{:06x}", inside.log.len())));
        inside.log.push(Entry {
            at: inside.state.now(),
            actor: login,
            token,
            method: self.request.method.clone(),
            path: self.path.clone(),
            query: self.request.query.clone(),
            operation,
            status: answer.status,
            cost,
            is_spoilt: self.fault.is_some(),
        });
        reply::Reply { status: answer.status, headers, body: answer.bytes(), kind: reply::kind(&answer.body) }
    }

    /// The token that was shown.
    fn token(&self, inside: &Inside) -> Option<String> {
        match account::identify(&inside.state, self.request.authorization.reveal()) {
            Ok(Asker::Token(secret)) => Some(secret),
            Ok(Asker::Nobody | Asker::App(_)) | Err(_) => None,
        }
    }

    /// Writes down what receivers of messages answered.
    fn note_mail(&self) {
        let results = self.site.mail.take_results();
        if results.is_empty() {
            return;
        }
        let mut inside = self.site.enter();
        for (post, status) in results {
            let hooks = inside.state.repo_mut(&post.repo).map(|repo| repo.hooks.iter_mut());
            let hook = hooks.and_then(|mut hooks| hooks.find(|hook| hook.id == post.hook));
            let deliveries = hook.map(|hook| hook.deliveries.iter_mut());
            let delivery = deliveries.and_then(|mut all| all.find(|one| one.id == post.delivery));
            if let Some(delivery) = delivery {
                delivery.status = Some(status.unwrap_or(502));
            }
        }
    }
}

/// The login behind a credential.
pub(crate) fn login(inside: &Inside, asker: &Asker) -> Option<String> {
    match asker {
        Asker::Nobody => None,
        Asker::Token(secret) => inside.state.tokens.get(secret).map(|token| token.login.clone()),
        Asker::App(id) => inside.state.apps.get(&id.0).map(|app| app.bot()),
    }
}

/// 403 for who has nothing left.
fn exhausted(inside: &Inside, login: Option<&str>) -> Answer {
    let whose = match login.and_then(|login| inside.state.user(login)) {
        Some(user) => format!("user ID {}", user.id),
        None => "127.0.0.1".to_owned(),
    };
    let message = format!("API rate limit exceeded for {whose}.");
    let body = json!({
        "message": message, "status": "403",
        "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
    });
    Answer { status: 403, body: Body::Json(body), headers: Vec::new() }
}

/// The pairs of a query, decoded.
fn query(text: &str) -> Vec<(String, String)> {
    let decode = |word: &str| rest::decode(&word.replace('+', " "));
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
