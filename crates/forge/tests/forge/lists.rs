//! Lists: all pages, or the knowledge that they are not all.

use std::sync::atomic::{AtomicUsize, Ordering};

use herder_domain::repo::Number;
use herder_forge::read::issue::Which;
use herder_forge::{Listing, Lookup, Why};
use herder_testkit::http::{Request, Responder};

use crate::scene::{Scene, app, server};

fn page(query: &str) -> usize {
    let page = query.split('&').find_map(|pair| pair.strip_prefix("page="));
    page.map_or(1, |page| page.parse().unwrap())
}

/// A page of comments with these ids, and a link to the next page if there is one.
fn comments(request: &Request, responder: Responder, ids: &[u64], more: bool) {
    let one = |id: &u64| {
        format!(
            "{{\"id\":{id},\"user\":null,\"body\":null,\"created_at\":\"2026-01-01T00:00:00Z\",\
             \"updated_at\":\"2026-01-01T00:00:00Z\",\"html_url\":\"\"}}"
        )
    };
    let body = format!("[{}]", ids.iter().map(one).collect::<Vec<_>>().join(","));
    let host = &request.headers["host"];
    let next = format!("<http://{host}{}?page={}>; rel=\"next\"", request.path, page(&request.query) + 1);
    let headers = if more { vec![("link", next.as_str())] } else { Vec::new() };
    let _ = responder.send(200, &headers, body.as_bytes());
}

fn ids(listing: &Listing<herder_forge::read::comment::Comment>) -> Vec<u64> {
    listing.seen().iter().map(|comment| comment.id).collect()
}

#[test]
fn all_pages_are_read_and_a_second_look_is_free() {
    let scene = Scene::new();
    for number in 0..230 {
        scene.issue(&format!("Goal {number}"), "", &["goal"]);
    }
    scene.issue("Not one", "", &[]);
    let Lookup::Present(all) = scene.client.issues(&app(), "goal", Which::Open) else { panic!("a list") };
    assert!(all.is_complete());
    assert_eq!(all.seen().len(), 230);
    assert_eq!(scene.requests(), (6, 3), "three pages, and whether they are still so");
    let Lookup::Present(again) = scene.client.issues(&app(), "goal", Which::Open) else { panic!("a list") };
    assert_eq!(again, all);
    assert_eq!(scene.requests(), (12, 3));
}

#[test]
fn a_page_that_fails_makes_the_list_incomplete() {
    let (_listener, client) = server(|request, responder| match page(&request.query) {
        1 => comments(&request, responder, &[1, 2], true),
        _ => drop(responder.send(500, &[], b"")),
    });
    let Lookup::Present(listing) = client.comments(&app(), Number(1)) else { panic!("a list") };
    assert_eq!(ids(&listing), [1, 2]);
    assert_eq!(listing.gap(), Some(&Why::Server { status: 500 }));
    assert_eq!(listing.whole(), Err(Why::Server { status: 500 }));
}

#[test]
fn a_first_page_that_fails_is_no_list_at_all() {
    let (_listener, client) = server(|_, responder| drop(responder.send(503, &[], b"")));
    assert_eq!(client.comments(&app(), Number(1)), Lookup::Unknown(Why::Server { status: 503 }));
}

#[test]
fn a_list_that_shifts_while_it_is_read_is_incomplete_and_shows_nothing_twice() {
    let asked = AtomicUsize::new(0);
    let (_listener, client) = server(move |request, responder| {
        let turn = asked.fetch_add(1, Ordering::SeqCst);
        match (turn, page(&request.query)) {
            // One more was put in front after the first page was read.
            (0, _) => comments(&request, responder, &[1, 2], true),
            (_, 1) => comments(&request, responder, &[9, 1], true),
            _ => comments(&request, responder, &[2, 3], false),
        }
    });
    let Lookup::Present(listing) = client.comments(&app(), Number(1)) else { panic!("a list") };
    assert_eq!((ids(&listing), listing.gap()), (vec![1, 2, 3], Some(&Why::Shifted)));
}

#[test]
fn a_link_that_leads_elsewhere_is_not_followed() {
    let (_listener, client) = server(|_, responder| {
        let link = ("link", "<https://evil.example/repos/acme/app?page=2>; rel=\"next\"");
        let _ = responder.send(200, &[link], b"[]");
    });
    let Lookup::Present(listing) = client.comments(&app(), Number(1)) else { panic!("a list") };
    assert!(matches!(listing.gap(), Some(Why::Moved { .. })), "{listing:?}");
}

#[test]
fn a_list_without_end_ends() {
    let (_listener, client) = server(|request, responder| {
        let number = page(&request.query) as u64;
        comments(&request, responder, &[number], true);
    });
    let Lookup::Present(listing) = client.comments(&app(), Number(1)) else { panic!("a list") };
    assert_eq!((listing.seen().len(), listing.is_complete()), (100, false));
}
