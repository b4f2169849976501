//! Whether the connection breaks again and again at the same message.

/// How often the connection has broken at the same position.
#[derive(Debug, Default)]
pub(super) struct Suspicion {
    /// The position of the last break, and how many breaks in a row were there.
    position: u64,
    breaks: u32,
    /// The next message was not looked at since the last break.
    is_open: bool,
    /// How many breaks there were, and a message that may have caused one of them, with the number of that break.
    count: u64,
    suspect: Option<(u64, u64)>,
    /// The server does not allow us to look at messages.
    pub(super) is_denied: bool,
    /// Over this connection, nobody answers when we want to look at a message.
    pub(super) is_unanswered: bool,
}

impl Suspicion {
    /// The connection broke while this message was the next one.
    pub(super) fn connection_lost(&mut self, position: u64) {
        self.breaks = if position == self.position { self.breaks + 1 } else { 1 };
        self.position = position;
        self.count += 1;
        (self.is_open, self.is_unanswered) = (true, false);
    }

    /// Whether the connection has broken since this was last asked.
    pub(super) fn take(&mut self) -> bool {
        std::mem::take(&mut self.is_open)
    }

    /// Whether this message may have caused an earlier break, too.
    pub(super) fn is_repeated_for(&mut self, sequence: u64) -> bool {
        match self.suspect {
            Some((suspect, first)) if suspect == sequence => first < self.count,
            _ => {
                self.suspect = Some((sequence, self.count));
                false
            }
        }
    }

    /// Whether the last break was not the first one there.
    pub(super) fn is_repeated(&self) -> bool {
        self.breaks > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_breaks_at_the_same_position_are_repeated() {
        let mut suspicion = Suspicion::default();
        assert!(!suspicion.take());
        suspicion.connection_lost(5);
        assert!(suspicion.take() && !suspicion.take() && !suspicion.is_repeated());
        suspicion.connection_lost(5);
        assert!(suspicion.take() && suspicion.is_repeated());
        suspicion.connection_lost(6);
        assert!(suspicion.take() && !suspicion.is_repeated());
        assert!(!suspicion.is_repeated_for(6) && !suspicion.is_repeated_for(6));
        suspicion.connection_lost(6);
        assert!(suspicion.is_repeated_for(6) && !suspicion.is_repeated_for(7));
    }
}
