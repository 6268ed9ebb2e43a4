//! What all pages share.

use maud::{DOCTYPE, Markup, html};

/// Where a page belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// What runs cost, how long they take, how they end.
    Numbers,
    /// What fails, and which kinds of goals fail.
    Failures,
    /// None of them: an error.
    None,
}

impl Tab {
    const SHOWN: [Self; 2] = [Self::Numbers, Self::Failures];

    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Numbers => "Numbers",
            Self::Failures => "Failures",
            Self::None => "",
        }
    }

    /// Where it is.
    pub fn address(self) -> &'static str {
        match self {
            Self::Numbers => "/numbers",
            Self::Failures => "/failures",
            Self::None => "/",
        }
    }
}

/// A whole page around what it says.
pub fn page(tab: Tab, title: &str, body: &Markup) -> String {
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · herder" }
                link rel="stylesheet" href="/assets/style.css";
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
            }
            body {
                a class="skip" href="#main" { "To the content" }
                header {
                    a class="name" href="/" { "herder" }
                    nav aria-label="Pages" {
                        @for shown in Tab::SHOWN {
                            a href=(shown.address()) aria-current=[(shown == tab).then_some("page")] { (shown.title()) }
                        }
                    }
                }
                main id="main" { h1 { (title) } (body) }
            }
        }
    };
    whole.into_string()
}
