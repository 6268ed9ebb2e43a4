//! What all pages share.

use maud::{DOCTYPE, Markup, html};

/// Where a page belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// What needs a person, runs and waits.
    Now,
    /// Stories, with their goals.
    Stories,
    /// Repositories, with their goals.
    Repos,
    /// What runs cost, how long they take, how they end.
    Numbers,
    /// What fails, and which kinds of goals fail.
    Failures,
    /// None of them: a goal, a run, an error.
    None,
}

/// Which tabs are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Views {
    /// All.
    All,
    /// Those of a file of rows.
    Numbers,
    /// None: nobody knows what there is.
    None,
}

impl Views {
    fn tabs(self) -> &'static [Tab] {
        match self {
            Self::All => &[Tab::Now, Tab::Stories, Tab::Repos, Tab::Numbers, Tab::Failures],
            Self::Numbers => &[Tab::Numbers, Tab::Failures],
            Self::None => &[],
        }
    }
}

impl Tab {
    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Now => "Now",
            Self::Stories => "Stories",
            Self::Repos => "Repositories",
            Self::Numbers => "Numbers",
            Self::Failures => "Failures",
            Self::None => "",
        }
    }

    /// Where it is.
    pub fn address(self) -> &'static str {
        match self {
            Self::Now => "/now",
            Self::Stories => "/stories",
            Self::Repos => "/repositories",
            Self::Numbers => "/numbers",
            Self::Failures => "/failures",
            Self::None => "/",
        }
    }
}

/// A whole page around what it says. Parts of class `live` are brought up to date by the script, where there is one.
pub fn page(views: Views, tab: Tab, title: &str, body: &Markup) -> String {
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
                @if views == Views::All { script src="/assets/live.js" defer {} }
            }
            body {
                a class="skip" href="#main" { "To the content" }
                header {
                    a class="name" href="/" { "herder" }
                    nav aria-label="Pages" {
                        @for shown in views.tabs() {
                            a href=(shown.address()) aria-current=[(*shown == tab).then_some("page")] { (shown.title()) }
                        }
                    }
                }
                main id="main" { h1 { (title) } (body) }
            }
        }
    };
    whole.into_string()
}
