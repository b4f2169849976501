//! The last errors and warnings of the process, for a page that shows them.
//!
//! A line does not say which pipeline it is of, only which component. A process rarely has more than one pipeline, and their
//! components rarely have the same names.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::Level;

/// How many are kept: more than anybody reads. The one that was written least recently makes room.
const KEPT: usize = 50;
/// The longest message that is kept, in bytes. Reports have excerpts of rows and payloads, which are short.
const LONGEST: usize = 2_000;

/// Errors or warnings that differ only in numbers and in what they quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecentEvent {
    /// How serious they are.
    pub level: Level,
    /// The source, sink or operator that they are about, or `pipeline`.
    pub component: String,
    /// What the last one says.
    pub message: String,
    /// How many there were.
    pub count: u64,
    /// When the first one was written, in unix milliseconds.
    pub first: u64,
    /// When the last one was written, in unix milliseconds.
    pub last: u64,
    #[serde(skip)]
    shape: String,
}

/// The one that was written last is at the end.
static RECENT: Mutex<VecDeque<RecentEvent>> = Mutex::new(VecDeque::new());

/// The last errors and warnings of the process whose components `is_wanted`, the newest first.
pub fn recent_events(is_wanted: impl Fn(&str) -> bool) -> Vec<RecentEvent> {
    let recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    recent.iter().rev().filter(|event| is_wanted(&event.component)).cloned().collect()
}

/// Keeps a line that stands for so many errors or warnings.
pub(super) fn keep(level: Level, component: &str, count: u64, message: fmt::Arguments<'_>) {
    if level == Level::Info {
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    add(
        &mut RECENT.lock().unwrap_or_else(PoisonError::into_inner),
        (level, component),
        count,
        message.to_string(),
        now,
    );
}

fn add(
    recent: &mut VecDeque<RecentEvent>,
    (level, component): (Level, &str),
    count: u64,
    mut message: String,
    now: u64,
) {
    let end = (0..=LONGEST.min(message.len())).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
    message.truncate(end);
    let shape = shape(&message);
    let known = recent
        .iter()
        .position(|event| event.level == level && event.component == component && event.shape == shape)
        .and_then(|known| recent.remove(known));
    let (before, first) = known.map_or((0, now), |known| (known.count, known.first));
    while recent.len() >= KEPT {
        recent.pop_front();
    }
    let component = component.to_owned();
    recent.push_back(RecentEvent { level, component, message, count: before + count, first, last: now, shape });
}

/// A message without its numbers, and without what it quotes.
fn shape(message: &str) -> String {
    let (mut shape, mut quote) = (String::with_capacity(message.len()), None);
    for character in message.chars() {
        match (quote, character) {
            (None, '`' | '"') => {
                quote = Some(character);
                shape.push(character);
            }
            (None, _) if character.is_ascii_digit() => {}
            (None, _) => shape.push(character),
            (Some(end), _) if end == character => quote = None,
            (Some(_), _) => {}
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_numbers_and_quotes_is_one_event_with_a_count() {
        let mut recent = VecDeque::new();
        let mut add = |component, count, message: &str, now| {
            add(&mut recent, (Level::Warn, component), count, message.to_owned(), now);
        };
        add("orders", 1, "byte 17 of \"a\": column `price` is missing", 1_000);
        add("orders", 1, "the connection broke", 1_001);
        add("orders", 5, "byte 4 of \"b `5\": column `\"city\"` is missing", 1_002);
        add("clicks", 1, "byte 4 of \"b 5\": column `city` is missing", 1_003);
        let found: Vec<_> = recent.iter().map(|it| (&*it.component, it.count, it.first, it.last)).collect();
        assert_eq!(found, [("orders", 1, 1_001, 1_001), ("orders", 6, 1_000, 1_002), ("clicks", 1, 1_003, 1_003)]);
        assert_eq!(recent[1].message, "byte 4 of \"b `5\": column `\"city\"` is missing");
    }

    #[test]
    fn a_flood_of_different_messages_is_bounded() {
        let mut recent = VecDeque::new();
        for number in 0..200_u8 {
            let message = "ä".repeat(usize::from(number) + 1_900);
            add(&mut recent, (Level::Error, "orders"), 1, message, 0);
        }
        assert!(recent.len() <= KEPT, "{}", recent.len());
        assert!(recent.iter().all(|event| event.message.len() <= LONGEST));
    }
}
