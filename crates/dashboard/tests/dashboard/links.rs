//! Orders from a phone that has nothing but a message.

use herder_view::{LinkSigner, OrderKind, OrderLink};
use jiff::Timestamp;

use crate::scene::{Said, get, post};
use crate::stage::{Stage, goal};

const TOKEN: &str = "0123456789abcdef";

impl Stage {
    /// What a message about the goal that waits for a look carries.
    fn links(&self) -> Vec<OrderLink> {
        let found = self.store.goal(&goal(5)).unwrap().unwrap();
        OrderLink::of(&self.store, &found, Timestamp::now()).unwrap()
    }

    fn link(&self, order: OrderKind) -> String {
        self.signed(&self.links().into_iter().find(|link| link.order == order).unwrap())
    }

    fn signed(&self, link: &OrderLink) -> String {
        let text = LinkSigner::new(&self.state.link_key().unwrap()).sign(link);
        self.address(&format!("{}{text}", OrderLink::PLACE))
    }
}

#[track_caller]
fn refused(said: &Said, status: u16, why: &str) {
    assert!(said.status == status && said.text.contains(why), "{}: {}", said.status, said.text);
}

#[test]
fn a_message_approves_once_and_only_when_the_button_is_pressed() {
    let stage = Stage::asking(Some(TOKEN));
    assert_eq!(stage.get("/now").status, 401);
    let link = stage.link(OrderKind::Approve);
    for _ in 0..2 {
        let page = get(&link, &[]);
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(
            page.text.contains("To be looked at")
                && page.text.contains("<button type=\"submit\">Approve</button>")
        );
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("form-action 'self'"));
        assert_eq!(stage.status(5), "spot-check", "who looks orders nothing");
    }
    refused(&post(&link, "", &[("origin", "http://evil.example")]), 403, "another site");
    assert_eq!(stage.status(5), "spot-check");
    let taken = post(&link, "", &[]);
    assert!(taken.status == 200 && stage.status(5) != "spot-check", "{}", taken.text);
    refused(&post(&link, "", &[]), 409, "was answered, or has moved on");
    refused(&get(&link, &[]), 409, "was answered, or has moved on");
}

#[test]
fn a_message_rejects_with_words_and_those_beside_it_are_void_then() {
    let stage = Stage::new();
    let (approve, reject) = (stage.link(OrderKind::Approve), stage.link(OrderKind::Reject));
    assert!(get(&reject, &[]).text.contains("What is wrong"));
    assert_eq!(post(&reject, "text=Too+short%21", &[]).status, 200);
    let found = stage.store.goal(&goal(5)).unwrap().unwrap();
    assert_eq!(found.state.word(), "queued");
    assert!(format!("{found:?}").contains("Too short!"), "{found:?}");
    refused(&post(&approve, "", &[]), 409, "was answered, or has moved on");
    assert!(stage.links().is_empty(), "nothing waits for a look");
}

#[test]
fn an_address_that_is_old_or_was_not_made_here_is_no_order() {
    let stage = Stage::new();
    let link = stage.links().remove(0);
    let old = OrderLink { until: Timestamp::now(), ..link.clone() };
    refused(&post(&stage.signed(&old), "", &[]), 409, "good for three days");
    let other = Stage::new().link(OrderKind::Approve);
    let forged = stage.address(&other[other.find(OrderLink::PLACE).unwrap()..]);
    refused(&post(&forged, "", &[]), 404, "was not made here");
    let whole = stage.signed(&link);
    refused(&post(&whole[..whole.len() - 4], "", &[]), 404, "a part of it is missing");
    assert_eq!(stage.status(5), "spot-check");
}
