//! Reducers compared with simple, slow oracles.

mod approximate;
mod arrived;
mod filtered;
mod float_oracle;
mod floats;
mod integers;
mod optional;
mod ordered;
mod picked;
mod ranked;
mod saved;
mod sizes;
mod spread;

use super::Reducer;

/// Reproducible random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Runs a check with many seeds. A failure names its seed.
fn with_seeds(seeds: u64, check: impl Fn(&mut Random)) {
    struct Seed(u64);
    impl Drop for Seed {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("failed with seed {}", self.0);
            }
        }
    }
    for seed in 0..seeds {
        let named = Seed(seed);
        check(&mut Random(named.0));
    }
}

/// Changes of a group, in any order, and the rows that remain.
///
/// Many rows are inserted and removed again, some removed before they are inserted.
fn changes<T: Copy>(random: &mut Random, rows: usize, mut value: impl FnMut(&mut Random) -> T) -> Changes<T> {
    let (mut changes, mut left) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let value = value(random);
        let copies = if random.below(4) == 0 { 1 + (random.next() >> (1 + random.below(62))) as i64 } else { 1 };
        changes.push((value, copies));
        match random.below(3) {
            0 => left.push((value, copies)),
            1 => changes.push((value, -copies)),
            _ => {
                let gone = 1 + (random.next() % copies.unsigned_abs()) as i64;
                changes.push((value, -gone));
                left.push((value, copies - gone));
            }
        }
    }
    left.retain(|(_, copies)| *copies > 0);
    random.shuffle(&mut changes);
    (changes, left)
}

type Changes<T> = (Vec<(T, i64)>, Vec<(T, i64)>);

/// The state of a reducer after some changes.
fn reduce<A: Copy, R: Reducer<A>>(reducer: &R, changes: &[(A, i64)]) -> R::State {
    let mut state = R::State::default();
    for (argument, diff) in changes {
        reducer.update(&mut state, *argument, *diff);
    }
    state
}
