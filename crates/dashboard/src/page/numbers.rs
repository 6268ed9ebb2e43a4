//! The page of numbers: what a goal costs, how long it takes, thinking against tools, which kinds of goals fail,
//! and the throughput.

use maud::{Markup, html};

use super::layout::Tab;
use super::{filter, format, groups};
use crate::book::Reading;
use crate::chart::{Plot, Series, bars, lines};
use crate::http::query;
use crate::numbers::{Answer, Columns, Dimension, Question, Summary, Trend, Unit};

/// The page's body.
pub fn numbers(question: &Question, answer: &Answer, columns: &Columns, reading: &Reading) -> Markup {
    html! {
        (filter::progress(reading))
        (filter::form(Tab::Numbers, question, columns))
        @if answer.all.done.of == 0 {
            p class="empty" { "No run that ended answers to this." }
        } @else {
            (headline(answer))
            (over_time(answer))
            (spreads(question, answer))
            (grouped(question, answer))
        }
    }
}

fn headline(answer: &Answer) -> Markup {
    let all = &answer.all;
    html! {
        dl class="headline" {
            div { dt { "Goals met" } dd { (all.goals_done.count) " of " (all.goals_done.of) } dd class="more" { (format::share(all.goals_done)) } }
            div { dt { "Runs" } dd { (all.done.of) } dd class="more" { (all.done.count) " met their goal" } }
            div { dt { "Cost" } dd { (groups::cost(all)) } dd class="more" { "per goal met: " (format::known(Unit::Dollars, all.cost_per_done_goal)) } }
            div { dt { "Cost of a goal" } dd { (format::known(Unit::Dollars, answer.cost_of_goal.median)) } dd class="more" { "nine of ten up to " (format::known(Unit::Dollars, answer.cost_of_goal.p90)) } }
            div { dt { "Working time" } dd { (format::seconds(groups::working(all))) } dd class="more" { "waited " (format::seconds(all.waiting_seconds)) } }
            div { dt { "Lines changed" } dd { (format::count(all.lines)) } dd class="more" { (format::count(all.tokens)) " tokens" } }
        }
        p class="split" { "Thinking, tools, overhead: " (split(all)) }
        (groups::time_split(all))
    }
}

fn split(all: &Summary) -> String {
    let working = groups::working(all);
    let part =
        |seconds: f64| if working > 0.0 { format::percent(seconds / working) } else { "none".to_owned() };
    let parts = [all.llm_seconds, all.tools_seconds, all.overhead_seconds].map(part);
    parts.join(" / ")
}

fn over_time(answer: &Answer) -> Markup {
    let period = match answer.period_days {
        1 => "a day",
        7 => "a week",
        _ => "four weeks",
    };
    let places: Vec<String> = answer.days.iter().map(|day| day.day.date().to_string()).collect();
    let series = |name, class, of: &dyn Fn(&Summary) -> Option<f64>| Series {
        name,
        class,
        figures: answer.days.iter().map(|day| of(&day.sum)).collect(),
    };
    let throughput = Plot {
        title: format!("Goals in {period}"),
        places: places.clone(),
        series: vec![
            series("met", "c1", &|sum| Some(sum.goals_done.count as f64)),
            series("not met", "c4", &|sum| Some((sum.goals_done.of - sum.goals_done.count) as f64)),
        ],
        unit: Unit::Count,
    };
    let spent = Plot {
        title: format!("Cost in {period}, as far as it is known"),
        places,
        series: vec![series("cost", "c2", &|sum| Some(sum.known_cost_usd))],
        unit: Unit::Dollars,
    };
    html! { div class="charts" { (bars(&throughput)) (bars(&spent)) } }
}

fn spreads(question: &Question, answer: &Answer) -> Markup {
    html! {
        section aria-labelledby="runs" {
            h2 id="runs" { "One run" }
            div class="wide" { table {
                thead { tr { @for title in ["", "Median", "Nine of ten up to", "Sum", "Runs that tell"] { th scope="col" { (title) } } } }
                tbody { @for trend in &answer.trends { (spread(trend)) } }
            } }
            p { (download(question, "trends")) }
            div class="charts" { @for trend in &answer.trends { (trend_chart(answer, trend)) } }
        }
    }
}

fn spread(trend: &Trend) -> Markup {
    let (unit, all) = (trend.measure.unit(), trend.all);
    html! {
        tr {
            th scope="row" { (trend.measure.title()) }
            td { (format::known(unit, all.median)) }
            td { (format::known(unit, all.p90)) }
            td { @if unit != Unit::Share { (format::figure(unit, all.sum)) } }
            td { (all.known) " of " (all.known + all.unknown) }
        }
    }
}

fn trend_chart(answer: &Answer, trend: &Trend) -> Markup {
    lines(&Plot {
        title: format!("{} of a run", trend.measure.title()),
        places: answer.days.iter().map(|day| day.day.date().to_string()).collect(),
        series: vec![
            Series {
                name: "median",
                class: "c1",
                figures: trend.days.iter().map(|day| day.median).collect(),
            },
            Series {
                name: "nine of ten up to",
                class: "c3",
                figures: trend.days.iter().map(|day| day.p90).collect(),
            },
        ],
        unit: trend.measure.unit(),
    })
}

fn grouped(question: &Question, answer: &Answer) -> Markup {
    html! {
        section aria-labelledby="groups" {
            h2 id="groups" { "By " (question.by.title().to_lowercase()) }
            nav class="by" aria-label="Group by" {
                @for by in Dimension::ALL {
                    a href={ "/numbers?" (query(&question.by(by))) "#groups" } aria-current=[(by == question.by).then_some("true")] { (by.title()) }
                }
            }
            (groups::table(question, question.by, &answer.groups))
            p { (download(question, "groups")) }
        }
        @if question.by != Dimension::Outcome {
            section aria-labelledby="outcomes" {
                h2 id="outcomes" { "How runs ended" }
                (groups::table(question, Dimension::Outcome, &answer.outcomes))
                p { (download(question, "outcomes")) " " (download(question, "periods")) }
            }
        }
    }
}

/// Links to the same figures for programs and for spreadsheets.
fn download(question: &Question, table: &str) -> Markup {
    let query = query(question);
    html! {
        span class="download" {
            "Download " (table) ": "
            a href={ "/numbers.csv?table=" (table) "&" (query) } { "CSV" } " "
            a href={ "/api/v1/numbers?" (query) } { "JSON" }
        }
    }
}
