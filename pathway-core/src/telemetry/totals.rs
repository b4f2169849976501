//! What a pipeline has processed and lost, in a line.

use std::fmt;

use super::Stats;

/// What a pipeline has processed since its start.
#[derive(Debug, Default)]
pub struct Totals {
    commits: u64,
    read: u64,
    written: u64,
    /// Kinds of losses, which are left out if there were none.
    losses: [(u64, &'static str); 4],
}

impl Totals {
    /// What the statistics say.
    pub fn of(stats: &Stats) -> Self {
        let sum = |numbers: &mut dyn Iterator<Item = u64>| numbers.sum();
        let late = stats.operators.iter().map(|operator| operator.late);
        Totals {
            commits: stats.commit_rows.count,
            read: sum(&mut stats.sources.iter().map(|source| source.received)),
            written: sum(&mut stats.sinks.iter().map(|sink| sink.published)),
            losses: [
                (sum(&mut stats.sources.iter().map(|source| source.rejected)), "rejected when read"),
                (sum(&mut stats.sources.iter().map(|source| source.dropped)), "dropped before they were read"),
                (sum(&mut stats.sinks.iter().map(|sink| sink.rejected)), "rejected when written"),
                (late.sum(), "rows late"),
            ],
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { commits, read, written, losses } = self;
        write!(f, "{}, {} read, {written} written", Count(*commits, "commit"), Count(*read, "message"))?;
        losses.iter().filter(|(count, _)| *count > 0).try_for_each(|(count, what)| write!(f, ", {count} {what}"))
    }
}

/// A number of things: `1 commit`, `2 commits`.
#[derive(Clone, Copy, Debug)]
pub struct Count(pub u64, pub &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count(count, thing) = self;
        write!(f, "{count} {thing}{}", if *count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_name_losses_only_if_there_are_any() {
        let none = Totals { commits: 1, read: 2, written: 3, ..Totals::default() };
        assert_eq!(none.to_string(), "1 commit, 2 messages read, 3 written");
        let losses = [(0, "a"), (4, "rejected when read"), (0, "b"), (5, "rows late")];
        let some = Totals { commits: 2, read: 1, written: 0, losses };
        assert_eq!(some.to_string(), "2 commits, 1 message read, 0 written, 4 rejected when read, 5 rows late");
    }
}
