//! Sorting that is compiled once.
//!
//! The sorts of the standard library are about 1 500 lines of LLVM's code for each type and order, and a pipeline has several of
//! both for each operator: they were a seventh of the code that LLVM compiled for the queries of the Nexmark benchmark. Here only the comparison and the moves
//! are compiled for a type.

use std::cmp::Ordering;

/// Up to so many items are sorted by insertion.
const FEW: usize = 20;

/// Sorts items. Equal ones stay in their order.
#[inline]
pub(crate) fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    if items.len() <= FEW {
        return insert_each(items, compare);
    }
    if is_sorted_by(items, |one, next| compare(one, next).is_le()) {
        return;
    }
    let mut sources = sorted_positions(items.len(), &|one, other| compare(&items[one], &items[other]));
    permute(items, &mut sources);
}

/// Brings removals before insertions, or whatever is first. All others stay in their order.
#[inline]
pub(crate) fn bring_first<T>(items: &mut Vec<T>, is_first: impl Fn(&T) -> bool) {
    if items.len() <= FEW {
        return insert_each(items, |one, other| is_first(other).cmp(&is_first(one)));
    }
    if is_sorted_by(items, |one, next| is_first(one) || !is_first(next)) {
        return;
    }
    let last: Vec<T> = items.extract_if(.., |item| !is_first(item)).collect();
    items.extend(last);
}

/// As [`slice::is_sorted_by`], in a fifth of the code.
pub(crate) fn is_sorted_by<T>(items: &[T], in_order: impl Fn(&T, &T) -> bool) -> bool {
    let mut next = 1;
    while next < items.len() {
        if !in_order(&items[next - 1], &items[next]) {
            return false;
        }
        next += 1;
    }
    true
}

fn insert_each<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && compare(&items[at - 1], &items[at]).is_gt() {
            items.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// For each position, where its item is.
#[inline(never)]
fn sorted_positions(items: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..items).collect();
    positions.sort_by(|one, other| compare(*one, *other));
    positions
}

/// Moves each item to its position, cycle by cycle.
fn permute<T>(items: &mut [T], sources: &mut [usize]) {
    for start in 0..sources.len() {
        let mut at = start;
        loop {
            let source = std::mem::replace(&mut sources[at], at);
            if source == start || source == at {
                break;
            }
            items.swap(at, source);
            at = source;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sorts_as_the_standard_library_does() {
        let mut random = 7_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for len in (0..50).chain([100, 1_000, 4_321]) {
            for values in [2, 10, 1_000_000] {
                let items: Vec<(u64, usize)> = (0..len).map(|position| (next(values), position)).collect();
                let (mut sorted, mut expected) = (items.clone(), items.clone());
                sort_by(&mut sorted, |one, other| one.0.cmp(&other.0));
                expected.sort_by_key(|item| item.0);
                assert_eq!(sorted, expected);

                let (mut brought, mut expected) = (items.clone(), items);
                bring_first(&mut brought, |item| item.0 % 2 == 1);
                expected.sort_by_key(|item| item.0 % 2 == 0);
                assert_eq!(brought, expected);
            }
        }
    }
}
