//! The screen: goals on the left, the chosen one's log on the right, capacity below, and one row for keys and news.

use herder_view::LineKind;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph, Wrap};

use crate::app::{App, Mode, Palette};
use crate::board::{Card, Group};
use crate::keys::{BINDINGS, key_of};
use crate::log::{Row, matches};

/// The narrowest screen that has two columns.
const TWO_COLUMNS: u16 = 60;

/// The narrowest and the widest that the left column is.
const LEFT: (u16, u16) = (30, 64);

/// Rows of the capacity.
const CAPACITY: u16 = 3;

/// Rows that a goal takes.
const CARD: usize = 2;

impl App {
    /// Draws all of it.
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let [main, capacity, last] =
            Layout::vertical([Constraint::Min(0), Constraint::Length(CAPACITY), Constraint::Length(1)])
                .areas(frame.area());
        let (list, log) = columns(main);
        self.draw_cards(frame, list);
        self.draw_chosen(frame, log);
        self.draw_capacity(frame, capacity);
        self.draw_last(frame, last);
        if self.mode == Mode::Help {
            self.draw_help(frame);
        }
        self.mark(false);
    }

    fn draw_cards(&self, frame: &mut Frame<'_>, area: Rect) {
        let block = Block::new().borders(Borders::TOP).title(self.board.counts.as_str());
        let inner = block.inner(area);
        frame.render_widget(block, area);
        if self.board.counts.is_empty() {
            return;
        }
        if self.board.cards.is_empty() {
            frame.render_widget(
                Paragraph::new("nothing is queued or at work").wrap(Wrap { trim: true }),
                inner,
            );
            return;
        }
        let (lines, chosen) = self.card_lines();
        let height = usize::from(inner.height);
        // What is chosen stays in the middle, as far as there is more above and below.
        let top = (chosen + CARD / 2).saturating_sub(height / 2).min(lines.len().saturating_sub(height));
        let shown: Vec<Line<'_>> = lines.into_iter().skip(top).take(height).collect();
        frame.render_widget(Paragraph::new(shown), inner);
    }

    /// All rows of the list, and which one is the chosen goal's first.
    fn card_lines(&self) -> (Vec<Line<'_>>, usize) {
        let (mut lines, mut group, mut first) = (Vec::new(), None, 0);
        for (place, card) in self.board.cards.iter().enumerate() {
            if group != Some(card.group) {
                group = Some(card.group);
                lines.push(Line::styled(card.group.title(), self.style(Ink::Heading)));
            }
            let is_chosen = place == self.chosen;
            if is_chosen {
                first = lines.len();
            }
            lines.extend(self.card(card, is_chosen));
        }
        (lines, first)
    }

    fn card<'c>(&self, card: &'c Card, is_chosen: bool) -> [Line<'c>; CARD] {
        let (mark, head) = match is_chosen {
            true => ("> ", self.style(Ink::Chosen)),
            false => ("  ", Style::new()),
        };
        let standing = match card.group {
            Group::Needs => self.style(Ink::Needs),
            Group::Works => self.style(Ink::Works),
            Group::Waits => self.style(Ink::Quiet),
        };
        [
            Line::from(vec![Span::raw(mark), Span::styled(card.head.as_str(), head)]),
            Line::from(vec![Span::raw("    "), Span::styled(card.standing.as_str(), standing)]),
        ]
    }

    fn draw_chosen(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let title = match self.log.as_ref() {
            Some(log) if log.is_following() => format!("{} (following)", log.dir().run()),
            Some(log) => format!("{} (f follows)", log.dir().run()),
            None => "no run yet".to_owned(),
        };
        let block = Block::new().borders(Borders::TOP | Borders::LEFT).title(title);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let Some(card) = self.board.cards.get(self.chosen) else { return };
        let head = Line::styled(card.head.clone(), self.style(Ink::Heading));
        let facts = card.more.iter().map(|fact| Line::raw(fact.clone()));
        let about: Vec<Line<'_>> = std::iter::once(head).chain(facts).collect();
        // A goal with many reasons leaves the larger part to its log.
        let height = u16::try_from(about.len()).unwrap_or(u16::MAX).min((inner.height / 3).max(1));
        let [top, rest] = Layout::vertical([Constraint::Length(height), Constraint::Min(0)]).areas(inner);
        frame.render_widget(Paragraph::new(about), top);
        self.draw_log(frame, rest);
    }

    fn draw_log(&mut self, frame: &mut Frame<'_>, area: Rect) {
        self.log_rows = area.height.into();
        let Some(log) = &mut self.log else { return };
        let rows = log.rows(area.height.into(), area.width.into());
        let wanted = log.looked_for().unwrap_or_default().to_owned();
        let lines: Vec<Line<'_>> = match &rows {
            Ok(rows) => rows.iter().map(|row| self.row(row, &wanted)).collect(),
            Err(error) => vec![Line::raw(format!("failed to read the log: {error}"))],
        };
        frame.render_widget(Paragraph::new(lines), area);
    }

    /// A row of the log, with what is looked for shown.
    fn row<'r>(&self, row: &'r Row, wanted: &'r str) -> Line<'r> {
        let ink = match row.kind {
            LineKind::Tool => self.style(Ink::Tool),
            LineKind::Gate => self.style(Ink::Gate),
            LineKind::Mark => self.style(Ink::Heading),
            LineKind::Text => Style::new(),
        };
        let (mut spans, mut from) = (Vec::new(), 0);
        for found in matches(&row.text, wanted).filter(|_| !wanted.is_empty()) {
            if found.start < from {
                continue;
            }
            spans.push(Span::styled(&row.text[from..found.start], ink));
            spans.push(Span::styled(&row.text[found.clone()], ink.add_modifier(Modifier::REVERSED)));
            from = found.end;
        }
        spans.push(Span::styled(&row.text[from..], ink));
        Line::from(spans)
    }

    fn draw_capacity(&self, frame: &mut Frame<'_>, area: Rect) {
        let block = Block::new().borders(Borders::TOP).title("capacity");
        let warning = self.board.warnings.first();
        let mut lines = vec![Line::raw(self.board.gauges.as_str())];
        lines.extend(warning.map(|warning| Line::styled(warning.as_str(), self.style(Ink::Needs))));
        let text = Paragraph::new(lines).block(block).wrap(Wrap { trim: true });
        frame.render_widget(text, area);
    }

    fn draw_last(&self, frame: &mut Frame<'_>, area: Rect) {
        let text = match &self.mode {
            Mode::Search { typed } => format!("/{typed}_"),
            Mode::Words { goal, order, typed } => {
                format!("{goal}: {}: {typed}_", order.asks().unwrap_or(order.title()))
            }
            Mode::Sure { goal, order } => format!("{} {goal}? y says yes, any other key no", order.title()),
            Mode::Look | Mode::Help => self.notice.clone().unwrap_or_else(|| self.hints()),
        };
        frame.render_widget(Line::styled(text, self.style(Ink::Chosen)), area);
    }

    /// The keys that fit the chosen goal.
    fn hints(&self) -> String {
        let item = self.item();
        let orders = item.map(|item| item.orders.as_slice()).unwrap_or_default();
        let orders = orders.iter().map(|order| format!("{} {}", key_of(*order), order.name()));
        let pull = item.and_then(|item| item.pull.as_ref()).map(|_| "O pull request".to_owned());
        let usual = ["/ search", "? help", "q leave"].map(str::to_owned);
        orders.chain(pull).chain(usual).collect::<Vec<_>>().join(" · ")
    }

    fn draw_help(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        let lines: Vec<Line<'_>> = BINDINGS
            .iter()
            .map(|binding| Line::raw(format!("{:>17}  {}", binding.keys_text, binding.about)))
            .collect();
        let rows = usize::from(area.height.saturating_sub(2)).max(1);
        let columns = lines.len().div_ceil(rows).max(1);
        let width = area.width / u16::try_from(columns).unwrap_or(1).max(1);
        frame.render_widget(Clear, area);
        frame.render_widget(Block::bordered().title("keys; any key leaves"), area);
        for (place, part) in lines.chunks(rows).enumerate() {
            let x = area.x + 1 + width * u16::try_from(place).unwrap_or(0);
            let column = Rect {
                x,
                y: area.y + 1,
                width: width.saturating_sub(2),
                height: area.height.saturating_sub(2),
            };
            frame.render_widget(Paragraph::new(part.to_vec()), column.intersection(area));
        }
    }

    fn style(&self, ink: Ink) -> Style {
        let coloured = |colour: Color| match self.palette {
            Palette::Colours => Style::new().fg(colour),
            Palette::Plain => Style::new(),
        };
        match ink {
            Ink::Heading => Style::new().add_modifier(Modifier::BOLD),
            Ink::Chosen => Style::new().add_modifier(Modifier::REVERSED),
            Ink::Needs => coloured(Color::Yellow).add_modifier(Modifier::BOLD),
            Ink::Works => coloured(Color::Green),
            Ink::Quiet => coloured(Color::DarkGray),
            Ink::Tool => coloured(Color::Cyan),
            Ink::Gate => coloured(Color::Magenta).add_modifier(Modifier::BOLD),
        }
    }
}

/// What a text is, which decides how it looks.
#[derive(Clone, Copy)]
enum Ink {
    Heading,
    Chosen,
    Needs,
    Works,
    Quiet,
    Tool,
    Gate,
}

/// List and log side by side; one above the other where the screen is narrow.
fn columns(area: Rect) -> (Rect, Rect) {
    if area.width < TWO_COLUMNS {
        let [list, log] = Layout::vertical([Constraint::Ratio(1, 2), Constraint::Ratio(1, 2)]).areas(area);
        return (list, log);
    }
    let left = (area.width * 2 / 5).clamp(LEFT.0, LEFT.1);
    let [list, log] = Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(area);
    (list, log)
}
