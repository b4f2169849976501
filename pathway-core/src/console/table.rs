//! The table of the status: sections of sources, operators and sinks with common columns, and what needs attention behind the
//! numbers.

use super::line::{Line, Tone, shorten};

/// How many columns of numbers a row has.
pub(super) const NUMBERS: usize = 4;
/// The space between two columns.
const GAP: usize = 2;
/// No name is shortened further while there are numbers that can be left out.
const SHORTEST_NAME: usize = 12;
/// No name takes more, unless there is room.
const LONGEST_NAME: usize = 32;
/// The columns in the order in which a narrow terminal leaves them out.
const LEFT_OUT: [usize; NUMBERS] = [3, 1, 2, 0];

/// Rows of one kind.
pub(super) struct Section {
    /// What the rows are, and what the numbers are. A column in which no row has a number has no title.
    pub(super) title: &'static str,
    pub(super) numbers: [&'static str; NUMBERS],
    pub(super) rows: Vec<Row>,
    /// How many rows there are beside these.
    pub(super) others: usize,
}

/// A source, an operator or a sink.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) numbers: [Line; NUMBERS],
    /// What needs attention.
    pub(super) note: Line,
    /// A line below it.
    pub(super) below: Option<Line>,
}

/// The lines of a table that is as wide as this.
pub(super) fn lines(sections: &[Section], width: usize) -> Vec<Line> {
    let layout = Layout::of(sections, width);
    let mut lines = Vec::new();
    for section in sections.iter().filter(|section| !section.rows.is_empty()) {
        let Section { title, rows, others, .. } = section;
        let numbers = [0, 1, 2, 3].map(|number| Line::of(Tone::Soft, section.title_of(number)));
        lines.push(layout.row(Line::of(Tone::Soft, *title), &numbers));
        for Row { name, numbers, note, below } in rows {
            let row = layout.row(Line::of(Tone::Plain, shorten(name, layout.name)), numbers);
            let has_room = note.is_empty() || row.width() + GAP + note.width() <= width;
            if has_room && !note.is_empty() {
                lines.push(row.add(Tone::Plain, " ".repeat(GAP)).join(note.clone()));
            } else {
                lines.push(row);
            }
            lines.extend((!has_room).then(|| Line::of(Tone::Plain, "  ").join(note.clone())));
            lines.extend(below.clone());
        }
        if *others > 0 {
            lines.push(Line::of(Tone::Soft, format!("and {others} other{}", if *others == 1 { "" } else { "s" })));
        }
    }
    lines
}

impl Section {
    /// What stands above a column of numbers.
    fn title_of(&self, number: usize) -> &'static str {
        let has_any = self.rows.iter().any(|row| !row.numbers[number].is_empty());
        if has_any { self.numbers[number] } else { "" }
    }
}

/// The widths of the columns.
struct Layout {
    name: usize,
    /// `None`: the column is left out.
    numbers: [Option<usize>; NUMBERS],
}

impl Layout {
    fn of(sections: &[Section], width: usize) -> Self {
        let sections = || sections.iter().filter(|section| !section.rows.is_empty());
        let longest = sections().flat_map(|section| {
            section.rows.iter().map(|row| Line::of(Tone::Plain, &row.name).width()).chain([section.title.len()])
        });
        let longest = longest.max().unwrap_or_default().min(LONGEST_NAME);
        let mut numbers = [0, 1, 2, 3].map(|number| {
            let titles = sections().map(|section| section.title_of(number).len());
            let cells = sections().flat_map(|section| section.rows.iter().map(|row| row.numbers[number].width()));
            titles.chain(cells).max().filter(|width| *width > 0)
        });
        let room = |numbers: &[Option<usize>]| {
            width.saturating_sub(numbers.iter().flatten().map(|number| number + GAP).sum::<usize>())
        };
        for number in LEFT_OUT {
            if room(&numbers) >= longest.min(SHORTEST_NAME) {
                break;
            }
            numbers[number] = None;
        }
        Layout { name: longest.min(room(&numbers)), numbers }
    }

    /// A row without what is behind its numbers, which stand at the right of their columns.
    fn row(&self, name: Line, numbers: &[Line; NUMBERS]) -> Line {
        let (mut line, mut end) = (name.pad(self.name), self.name);
        for (number, width) in numbers.iter().zip(self.numbers) {
            let Some(width) = width else { continue };
            end += GAP + width;
            line = line.pad(end.saturating_sub(number.width())).join(number.clone());
        }
        line
    }
}
