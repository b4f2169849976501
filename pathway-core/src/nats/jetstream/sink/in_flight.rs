//! What becomes of the messages under way: stored, refused, sent again.

use std::time::Instant;

use super::ack::PublishAck;
use super::publisher::Publisher;
use super::retry::{AckState, RetryState};
use super::session::{ANSWER, FIRST_PAUSE, LONGEST_PAUSE, PublishSession};
use crate::data::{ErrorKind, Result};

impl PublishSession<'_> {
    /// What the stream says of a message.
    pub(super) fn heed(&mut self, number: u64, answer: PublishAck) -> Result<()> {
        let Some(flight) = number.checked_sub(self.first).and_then(|n| self.flights.get_mut(n as usize)) else {
            return Ok(());
        };
        self.heard = Instant::now();
        let mut is_stream_gone = false;
        if !matches!(answer, PublishAck::Stored(_)) {
            flight.fate = AckState::Refused;
        }
        match answer {
            PublishAck::Stored(sequence) => {
                flight.fate = AckState::Done;
                flight.sequence = sequence;
                if let Some(subject) = flight.subject.take() {
                    self.subjects.remove(&subject);
                }
                return Ok(());
            }
            PublishAck::Refused(reason) => return Err(self.courier.error(ErrorKind::Stream, reason)),
            PublishAck::Unfit(reason) => self.mark_unfit(number, reason),
            PublishAck::Nobody => is_stream_gone = true,
            PublishAck::OutOfOrder => self.heed_order(number),
            PublishAck::Later(reason) => {
                if self.trouble.is_none() && self.pause == FIRST_PAUSE {
                    let stream = &self.courier.settings.stream;
                    self.courier.warn(format_args!("stream `{stream}` takes nothing for now: {reason}; trying again"));
                }
            }
        }
        let trouble = self.trouble.get_or_insert(RetryState { is_stream_gone, until: None });
        trouble.is_stream_gone |= is_stream_gone;
        Ok(())
    }

    /// A message could not follow the one before. That was refused itself; or else somebody else has come between.
    fn heed_order(&mut self, number: u64) {
        self.strike_off();
        if number == self.first && self.trouble.is_none() && self.courier.chain.come_between() {
            let stream = &self.courier.settings.stream;
            self.courier.warn(format_args!(
                "others write into stream `{stream}`, too: where it refuses a message for now, those under way behind \
                 that one may be stored before it"
            ));
        }
    }

    /// The stream will never take the letter of a flight.
    fn mark_unfit(&mut self, number: u64, reason: String) {
        let mut before = (number - self.first) as usize;
        for item in &mut self.courier.pending {
            let under_way = item.sent - item.done;
            if before < under_way {
                item.unfit.push((item.done + before, reason));
                return;
            }
            before -= under_way;
        }
    }

    /// Strikes off the books what is stored, in order.
    pub(super) fn strike_off(&mut self) {
        while self.flights.front().is_some_and(|flight| flight.fate == AckState::Done) {
            let Some(flight) = self.flights.pop_front() else { break };
            self.first += 1;
            if let Some(subject) = flight.subject {
                self.subjects.remove(&subject);
            }
            self.pause = FIRST_PAUSE;
            let Publisher { pending, link, chain, .. } = &mut *self.courier;
            if let Some(id) = flight.id {
                chain.store(id, flight.sequence);
            }
            let Some(item) = pending.front_mut() else { break };
            item.done += 1;
            if item.left() == 0 {
                link.counters.published.add(item.parcel.letters.len() as u64 - item.rejected.len() as u64);
                link.counters.dead_letters.add(item.dead);
                link.outbox.confirm(&item.parcel);
                pending.pop_front();
                self.sending = self.sending.saturating_sub(1);
            }
        }
    }

    /// Goes back to the first message that is not stored when an answer is overdue, or a pause is over.
    pub(super) fn look_at_the_clock(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.courier.finish_by.is_some_and(|deadline| now >= deadline) {
            return Err(self.courier.overdue());
        }
        let is_open = self.flights.iter().any(|flight| flight.fate == AckState::Open);
        let overdue = is_open && now >= self.heard + ANSWER;
        match &mut self.trouble {
            None if overdue => {
                let (n, stream, seconds) = (self.flights.len(), &self.courier.settings.stream, ANSWER.as_secs());
                self.courier.warn(format_args!(
                    "stream `{stream}` has answered nothing for {seconds} s; {n} messages are sent again, under the same ids"
                ));
                self.rewind();
            }
            // First everything under way is answered: what is sent again then stands behind nothing that is open.
            Some(trouble) if trouble.until.is_none() && (overdue || !is_open) => {
                trouble.until = Some(now + self.pause);
                self.pause = (2 * self.pause).min(LONGEST_PAUSE);
            }
            Some(RetryState { until: Some(until), is_stream_gone: false }) if now >= *until => {
                self.trouble = None;
                self.rewind();
            }
            _ => {}
        }
        Ok(())
    }

    /// Everything from the first message that is not stored on is to be sent again, but for what is known to be stored.
    pub(super) fn rewind(&mut self) {
        let mut flights = self.flights.drain(..);
        for item in &mut self.courier.pending {
            for number in item.done..item.sent {
                if flights.next().is_some_and(|flight| flight.fate == AckState::Done)
                    && !item.rejected.contains(&number)
                {
                    item.stored.insert(number);
                }
                // Answers that come late are for numbers that are no more.
                self.first += 1;
            }
            item.sent = item.done;
        }
        drop(flights);
        self.courier.chain.rewind();
        self.subjects.clear();
        self.sending = 0;
        self.heard = Instant::now();
    }
}
