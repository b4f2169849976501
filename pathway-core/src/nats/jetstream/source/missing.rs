//! Messages that are missing, and where.

use std::fmt;

/// Where messages are missing: the widest gap between the sequences of two messages. It is not known if `before` is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) after: u64,
    pub(super) before: u64,
    /// Subjects that were read shortly before the gap.
    pub(super) subjects: Vec<String>,
}

/// Messages that were not delivered, and are not there any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) count: u64,
    /// Whether it is not just the least number.
    pub(super) is_exact: bool,
    pub(super) gap: Gap,
}

/// How many there are, and between which sequences: `at least 3 messages between the sequences 7 and 12`.
impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Missing { count, is_exact, gap: Gap { after, before, .. } } = self;
        write!(f, "{}{count} messages", if *is_exact { "" } else { "at least " })?;
        // The widest gap may be one of many: messages of one subject among others, for example.
        let has_place_for_all = before.saturating_sub(*after) > *count;
        match after {
            _ if !has_place_for_all => Ok(()),
            0 => write!(f, " before the sequence {before}"),
            after => write!(f, " between the sequences {after} and {before}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_only_named_where_it_is_known() {
        let missing = |count, is_exact, after, before| {
            Missing { count, is_exact, gap: Gap { after, before, subjects: Vec::new() } }.to_string()
        };
        assert_eq!(missing(3, true, 7, 12), "3 messages between the sequences 7 and 12");
        assert_eq!(missing(4, true, 7, 12), "4 messages between the sequences 7 and 12");
        assert_eq!(missing(5, true, 7, 12), "5 messages");
        assert_eq!(missing(3, false, 0, 12), "at least 3 messages before the sequence 12");
        assert_eq!(missing(3, true, 0, 0), "3 messages");
    }
}
