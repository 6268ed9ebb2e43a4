//! What a receiver's JSON looks like.

use herder_domain::level::Level;
use herder_domain::way::Form;
use serde_json::{Value, json};

use crate::notice::Notice;

/// Discord takes 2,000 characters, and every character has a byte or more.
const DISCORD_MAX: usize = 2000;

/// What of that stays for title and addresses.
const DISCORD_ROOM: usize = 900;

/// ntfy takes three buttons (its documentation, "Action buttons").
const BUTTONS: usize = 3;

/// The body.
pub(crate) fn body(form: &Form, notice: &Notice) -> Value {
    match form {
        Form::Ntfy { topic } => ntfy(topic.as_deref(), notice),
        Form::Json => plain(notice),
        Form::Slack => json!({ "text": slack(notice) }),
        Form::Mattermost => json!({ "text": mattermost(notice) }),
        Form::Discord => json!({
            "content": discord(notice),
            // Nobody is called by what an agent or a gate wrote.
            "allowed_mentions": { "parse": [] },
        }),
    }
}

fn ntfy(topic: Option<&str>, notice: &Notice) -> Value {
    // Names of emojis and levels from 1 to 5, as ntfy's documentation lists them.
    let (tag, priority) = match notice.level {
        Level::Info => ("white_check_mark", 3),
        Level::Attention => ("warning", 4),
        Level::Urgent => ("rotating_light", 5),
    };
    let mut body = json!({
        "title": notice.short_title(),
        "message": notice.short_message(),
        "tags": [tag],
        "priority": priority,
        "key": notice.key,
    });
    let more = [
        ("topic", topic.map(Value::from)),
        ("click", notice.url.clone().map(Value::from)),
        ("goal", notice.goal.as_ref().map(|goal| goal.to_string().into())),
        ("actions", (!notice.links.is_empty()).then(|| buttons(notice))),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    body
}

fn buttons(notice: &Notice) -> Value {
    let button = |link: &crate::Link| json!({ "action": "view", "label": link.label, "url": link.url });
    notice.links.iter().take(BUTTONS).map(button).collect()
}

fn plain(notice: &Notice) -> Value {
    let links = notice.links.iter().map(|link| json!({ "label": link.label, "url": link.url }));
    json!({
        "key": notice.key,
        "level": notice.level,
        "title": notice.short_title(),
        "message": notice.short_message(),
        "goal": notice.goal.as_ref().map(ToString::to_string),
        "story": notice.story.as_ref().map(ToString::to_string),
        "url": notice.url,
        "links": links.collect::<Vec<_>>(),
    })
}

/// `&`, `<` and `>` are all that means anything in Slack's text (its documentation, "Escaping text").
fn slack(notice: &Notice) -> String {
    let escaped = |text: String| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut text = format!("*{}*\n{}", escaped(notice.short_title()), escaped(notice.short_message()));
    for (label, url) in notice.addresses() {
        text.push_str(&format!("\n<{url}|{}>", escaped(label.to_owned())));
    }
    text
}

fn mattermost(notice: &Notice) -> String {
    // A zero-width space keeps `@channel` from calling everybody.
    let quiet = |text: String| text.replace('@', "@\u{200b}");
    let mut text = format!("**{}**\n{}", quiet(notice.short_title()), quiet(notice.short_message()));
    text.push_str(&as_markdown(notice));
    text
}

fn discord(notice: &Notice) -> String {
    let mut text = format!("**{}**\n", notice.short_title());
    let links: String = as_markdown(notice).chars().take(DISCORD_ROOM).collect();
    let room = DISCORD_MAX.saturating_sub(text.chars().count() + links.chars().count());
    text.push_str(&notice.message_within(room));
    text.push_str(&links);
    text
}

fn as_markdown(notice: &Notice) -> String {
    notice.addresses().map(|(label, url)| format!("\n[{label}]({url})")).collect()
}
