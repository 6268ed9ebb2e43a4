//! What a question costs, and whether it asks for pages at all, as
//! <https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api> says: add up the
//! requests that each connection needs if every page is full, divide by 100, and never less than 1.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::Value as Literal;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;

/// How many nodes one question may ask for.
const MOST_NODES: u64 = 500_000;

/// What is added up.
struct Bill<'a> {
    document: &'a ExecutableDocument,
    variables: &'a JsonMap,
    defaults: &'a Operation,
    requests: u64,
    nodes: u64,
}

/// Name and price of a question.
///
/// # Errors
/// GitHub's sentence, when a connection is asked for without saying how much of it, or all is too much.
pub fn price(
    document: &ExecutableDocument,
    operation: Option<&str>,
    variables: &JsonMap,
) -> Result<(String, u64), String> {
    let operation = document.operations.get(operation).map_err(|error| format!("{error:?}"))?;
    let mut bill = Bill { document, variables, defaults: operation, requests: 0, nodes: 0 };
    bill.add(&operation.selection_set, 1)?;
    if bill.nodes > MOST_NODES {
        let asked = bill.nodes;
        return Err(format!(
            "This query requests up to {asked} possible nodes which exceeds the maximum limit of {MOST_NODES}."
        ));
    }
    let first = operation.selection_set.selections.iter().find_map(Selection::as_field);
    let name = operation.name.as_ref().map(ToString::to_string);
    let name = name.or_else(|| first.map(|field| field.name.to_string())).unwrap_or_default();
    Ok((name, (bill.requests / 100).max(1)))
}

impl Bill<'_> {
    fn add(&mut self, set: &SelectionSet, times: u64) -> Result<(), String> {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => self.add_field(field, times)?,
                Selection::InlineFragment(fragment) => self.add(&fragment.selection_set, times)?,
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        self.add(&fragment.selection_set, times)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add_field(&mut self, field: &Field, times: u64) -> Result<(), String> {
        let is_connection = field.definition.ty.inner_named_type().ends_with("Connection");
        let takes_pages = field.definition.argument_by_name("first").is_some();
        if !is_connection || !takes_pages {
            return self.add(&field.selection_set, times);
        }
        let name = &field.name;
        let wanted = ["first", "last"].into_iter().find_map(|word| self.number(field, word));
        let is_counting = field
            .selection_set
            .selections
            .iter()
            .all(|selection| selection.as_field().is_some_and(|field| field.name == "totalCount"));
        let wanted = match wanted {
            Some(wanted @ 1..=100) => wanted,
            Some(wanted) => {
                return Err(format!(
                    "Requesting {wanted} records on the `{name}` connection exceeds the `first` limit of 100 records."
                ));
            }
            None if is_counting => 0,
            None => {
                return Err(format!(
                    "You must provide a `first` or `last` value to properly paginate the `{name}` connection."
                ));
            }
        };
        self.requests += times;
        self.nodes += times * wanted;
        self.add(&field.selection_set, times * wanted)
    }

    /// A number among the arguments, by way of a variable too.
    fn number(&self, field: &Field, name: &str) -> Option<u64> {
        let value = &field.arguments.iter().find(|argument| argument.name == name)?.value;
        match &**value {
            Literal::Int(number) => number.try_to_i32().ok().and_then(|number| u64::try_from(number).ok()),
            Literal::Variable(variable) => {
                let given = self
                    .variables
                    .get(variable.as_str())
                    .and_then(apollo_compiler::response::JsonValue::as_u64);
                given.or_else(|| self.default_of(variable))
            }
            _ => None,
        }
    }

    fn default_of(&self, variable: &str) -> Option<u64> {
        let known = self.defaults.variables.iter().find(|known| known.name == variable)?;
        known.default_value.as_ref()?.to_i32().and_then(|number| u64::try_from(number).ok())
    }
}
