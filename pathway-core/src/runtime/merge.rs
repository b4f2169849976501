//! Which source is next where the backlogs of several streams are read: the one whose first message was stored first.

use std::time::{Duration, Instant};

use crate::plan::Backlog;

/// How long messages wait for a source that is behind and delivers nothing. A server that can be reached sends what it was
/// asked for within some milliseconds; what takes longer is an outage, and the other sources go on without it.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Merges the backlogs of sources by the times at which their messages were stored.
///
/// A message is taken when the first message of each source that is behind is known, and none of them is older. Only these first
/// messages are compared: the order within a source never changes.
pub(super) struct Merge {
    /// How long the others have waited for each source.
    waits: Vec<Wait>,
}

/// A source, as far as the merge is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) backlog: Backlog,
    /// When its first message was stored. `None`: none waits.
    pub(super) stored: Option<i64>,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// No message waits.
    Nothing,
    /// Take the messages of a source up to the first one that was stored after `until`.
    Take { source: usize, until: i64 },
    /// Wait for this long, or until more arrives: an older message may be on its way.
    Wait(Duration),
    /// A source has delivered nothing for [`PATIENCE`]. The others no longer wait for it, until it delivers again. Ask again.
    GiveUp { source: usize },
}

impl Merge {
    pub(super) fn new(sources: usize) -> Self {
        Merge { waits: (0..sources).map(|_| Wait::default()).collect() }
    }

    /// What to do next. `now` is asked only where a message waits for a source.
    pub(super) fn next(&mut self, sources: &[Candidate], now: impl FnOnce() -> Instant) -> Next {
        // Where times are equal, the source that was declared first is first.
        let mut first: Option<(i64, usize)> = None;
        let mut second = None;
        let mut is_one_missing = false;
        for (source, (candidate, wait)) in sources.iter().zip(&mut self.waits).enumerate() {
            let Some(stored) = candidate.stored else {
                is_one_missing |= candidate.backlog == Backlog::Arriving && !wait.is_over;
                continue;
            };
            wait.end();
            let head = Some((stored, source));
            if first.is_none() || head < first {
                (first, second) = (head, first);
            } else if second.is_none() || head < second {
                second = head;
            }
        }
        let Some((_, source)) = first else { return Next::Nothing };
        if is_one_missing && let Some(next) = self.wait(sources, now()) {
            return next;
        }
        let until = second.map_or(i64::MAX, |(stored, other)| if source < other { stored } else { stored - 1 });
        Next::Take { source, until }
    }

    /// Waits for the sources that are behind and have no message here.
    fn wait(&mut self, sources: &[Candidate], now: Instant) -> Option<Next> {
        let mut shortest: Option<Duration> = None;
        for (source, (candidate, wait)) in sources.iter().zip(&mut self.waits).enumerate() {
            if candidate.stored.is_some() || candidate.backlog != Backlog::Arriving || wait.is_over {
                continue;
            }
            let Some(left) = wait.left(now) else { return Some(Next::GiveUp { source }) };
            shortest = Some(shortest.unwrap_or(left).min(left));
        }
        shortest.map(Next::Wait)
    }
}

/// How long messages have waited for a source.
#[derive(Default)]
pub(super) struct Wait {
    since: Option<Instant>,
    /// The wait has lasted for [`PATIENCE`].
    is_over: bool,
}

impl Wait {
    /// How long the wait may still last. The first call begins it.
    pub(super) fn left(&mut self, now: Instant) -> Option<Duration> {
        let since = *self.since.get_or_insert(now);
        let left = PATIENCE.checked_sub(now.saturating_duration_since(since)).filter(|left| !left.is_zero());
        self.is_over = left.is_none();
        left
    }

    /// The source has delivered something: another wait may follow.
    pub(super) fn end(&mut self) {
        *self = Wait::default();
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    const ARRIVING: Backlog = Backlog::Arriving;
    const QUEUED: Backlog = Backlog::Queued;
    const DONE: Backlog = Backlog::Done;

    fn sources<const N: usize>(sources: [(Backlog, Option<i64>); N]) -> [Candidate; N] {
        sources.map(|(backlog, stored)| Candidate { backlog, stored })
    }

    /// What is next at a time at which nothing has to wait.
    fn next<const N: usize>(states: [(Backlog, Option<i64>); N]) -> Next {
        Merge::new(N).next(&sources(states), || unreachable!("nothing waits"))
    }

    #[test]
    fn the_message_that_was_stored_first_is_first() {
        let behind = |stored| (ARRIVING, Some(stored));
        assert_eq!(next([behind(7), behind(5), behind(9)]), Next::Take { source: 1, until: 6 });
        assert_eq!(next([behind(5), behind(9), behind(7)]), Next::Take { source: 0, until: 7 });
        assert_eq!(next([behind(9), behind(7), behind(8)]), Next::Take { source: 1, until: 8 });
        assert_eq!(next([behind(9), behind(8), behind(7)]), Next::Take { source: 2, until: 7 });
        // The source that was declared first has all of its messages of this time first.
        assert_eq!(next([behind(5), behind(5)]), Next::Take { source: 0, until: 5 });
        assert_eq!(next([behind(6), behind(5), behind(5)]), Next::Take { source: 1, until: 5 });
    }

    #[test]
    fn nobody_waits_for_a_source_that_has_no_more_backlog() {
        assert_eq!(next([(DONE, None), (ARRIVING, Some(5))]), Next::Take { source: 1, until: i64::MAX });
        assert_eq!(next([(DONE, Some(4)), (QUEUED, Some(5))]), Next::Take { source: 0, until: 5 });
        assert_eq!(next([(ARRIVING, None), (DONE, None), (ARRIVING, None)]), Next::Nothing);
        // The redelivery of an old message is taken with its source's turn.
        assert_eq!(
            next([(QUEUED, Some(i64::MIN)), (QUEUED, Some(i64::MIN))]),
            Next::Take { source: 0, until: i64::MIN }
        );
    }

    #[test]
    fn a_source_that_is_behind_is_waited_for_until_it_delivers_or_is_given_up() {
        let (begin, mut merge) = (Instant::now(), Merge::new(3));
        let mut next = |first: Option<i64>, second: Option<i64>, after: Duration| {
            merge.next(&sources([(ARRIVING, first), (ARRIVING, second), (QUEUED, Some(50))]), || begin + after)
        };
        assert_eq!(next(None, None, Duration::ZERO), Next::Wait(PATIENCE));
        assert_eq!(next(None, Some(60), PATIENCE / 2), Next::Wait(PATIENCE / 2));
        // The second one has delivered: the wait for it begins again.
        assert_eq!(next(None, None, PATIENCE * 3 / 4), Next::Wait(PATIENCE / 4));
        assert_eq!(next(None, None, PATIENCE), Next::GiveUp { source: 0 });
        assert_eq!(next(None, None, PATIENCE), Next::Wait(PATIENCE * 3 / 4));
        assert_eq!(next(None, Some(60), PATIENCE), Next::Take { source: 2, until: 59 });
        // It has delivered again, and is waited for again.
        assert_eq!(next(Some(40), Some(60), PATIENCE), Next::Take { source: 0, until: 50 });
        assert_eq!(next(None, Some(60), PATIENCE), Next::Wait(PATIENCE));
    }

    /// However the messages of the sources arrive, they are taken in the order of their times.
    #[test]
    fn backlogs_are_merged_however_they_arrive() {
        for seed in 1..200_u64 {
            let mut bits = seed;
            let mut below = |limit: u64| {
                bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (bits >> 33) % limit
            };
            // Times are unique.
            let mut sources: Vec<Vec<i64>> = vec![Vec::new(); 2 + below(3) as usize];
            let number = sources.len() as u64;
            (0..60).for_each(|time| sources[below(number) as usize].push(time));
            let mut merge = Merge::new(sources.len());
            let (mut arrived, mut taken) = (vec![0; sources.len()], vec![0; sources.len()]);
            let mut order: Vec<i64> = Vec::new();
            while order.len() < 60 {
                let one = below(number) as usize;
                arrived[one] = sources[one].len().min(arrived[one] + below(4) as usize);
                let candidates: Vec<_> = iter::zip(&sources, iter::zip(&arrived, &taken))
                    .map(|(messages, (arrived, taken))| Candidate {
                        backlog: if *arrived == messages.len() { QUEUED } else { ARRIVING },
                        stored: messages[..*arrived].get(*taken).copied(),
                    })
                    .collect();
                if let Next::Take { source, until } = merge.next(&candidates, Instant::now) {
                    let waiting = &sources[source][taken[source]..arrived[source]];
                    let run = waiting.iter().take_while(|time| **time <= until);
                    let before = order.len();
                    order.extend(run);
                    taken[source] += order.len() - before;
                    assert!(order.len() > before, "seed {seed}: nothing is taken");
                }
            }
            assert!(order.is_sorted(), "seed {seed}: {order:?}");
        }
    }
}
