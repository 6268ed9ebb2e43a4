//! `herder forecast`.

use herder_domain::forecast::if_queued;
use herder_domain::repo::GoalRef;
use herder_domain::world::World;
use herder_view::{Foretold, Outlook, foretell};
use jiff::Timestamp;

use crate::args;
use crate::call::Call;
use crate::command::why::world;
use crate::failure::Failure;
use crate::output::{Reply, Table};
use crate::place;

/// Says what goals, or the whole queue, come to and when.
pub fn forecast(call: &Call, args: &args::Forecast) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let asked = args.numbers.iter().map(|number| place::goal(call, &opened.store, number));
    let asked: Vec<GoalRef> = asked.collect::<Result<_, _>>()?;
    let world = world(call, &opened.state, &opened.store)?;
    let world = if_queued(&world, &asked, call.now).map_err(not_queued)?;
    let forecast = foretell(&opened.store, &world, call.now)?;
    let mut outlook = Outlook::of(&world, &forecast);
    if !asked.is_empty() {
        outlook.items.retain(|item| asked.contains(&item.goal));
    } else if let Some(name) = &call.repo {
        let repo = place::named(&opened.store, name)?;
        outlook.items.retain(|item| item.goal.repo == repo);
    }
    Reply::one(&outlook, text(&outlook, &world, call.now))
}

fn not_queued(illegal: herder_domain::illegal::IllegalEvent) -> Failure {
    Failure::usage(format!("nothing is to come of it: {illegal}"))
        .hint("a forecast is of goals that are drafts, stuck, queued or at work")
}

fn text(outlook: &Outlook, world: &World, now: Timestamp) -> String {
    let zone = &world.hours.zone;
    let clock = |when: Option<herder_domain::forecast::When>| {
        when.map_or_else(|| "-".to_owned(), |when| when.clock(now, zone))
    };
    let mut table =
        Table::new(&["goal", "title", "begins", "through", "at work", "cost", "tokens", "learned"]);
    for item in &outlook.items {
        let Some(estimate) = &item.estimate else { continue };
        table.row([
            item.goal.to_string(),
            item.title.clone(),
            clock(estimate.begins),
            clock(estimate.ends),
            estimate.seconds.spans(),
            estimate.usd.dollars(),
            estimate.tokens.counted(),
            estimate.basis.to_string(),
        ]);
    }
    let dark = outlook.items.iter().filter_map(left_out);
    match (&outlook.whole, outlook.items.is_empty()) {
        (None, true) => "nothing is queued or at work\n".to_owned(),
        (whole, _) => {
            let whole = whole.as_ref().map(|whole| format!("{}\n", whole.sentence(now, zone)));
            [table.or(""), whole.unwrap_or_default()].into_iter().chain(dark).collect()
        }
    }
}

/// Half a sentence for a goal of which nobody can tell.
fn left_out(item: &Foretold) -> Option<String> {
    let why = item.left_out.as_ref()?;
    Some(format!("in no figure: {} {}, {why}\n", item.goal, item.title))
}
