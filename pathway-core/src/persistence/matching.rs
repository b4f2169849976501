//! Which node of a program is which one of the program before.
//!
//! What a user has named is known by its name, and so are sources and sinks. Other operators are known by what they are (their
//! verb and parameters) and what they read; where several are alike, by the order of their declaration. Their numbers play no part:
//! another operator before them changes these.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::program::{NodeIdentity, NodeRole};

/// What has become of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is this node of the program.
    Same(usize),
    Gone,
    /// It can be any of these.
    Unclear(Vec<usize>),
}

/// What has become of each node of `old`. The nodes of `new` with a name in `empty` are none of them.
pub(super) fn match_nodes(old: &[NodeIdentity], new: &[NodeIdentity], empty: &[String]) -> Vec<Found> {
    let old_names: HashSet<&str> =
        old.iter().filter(|node| node.role == NodeRole::Named).map(|node| node.base.as_str()).collect();
    let old_tokens = tokens(old, |node| match node.role {
        NodeRole::Named => Token::Name,
        _ => Token::Structure,
    });
    let is_known = |name: &String| old.iter().any(|node| node.name == *name);
    let new_tokens = tokens(new, |node| match node.role {
        // What is said of a new operator may stay in the program.
        _ if empty.contains(&node.name) && !is_known(&node.name) => Token::New,
        NodeRole::Named if old_names.contains(node.base.as_str()) => Token::Name,
        // It may have had no name before.
        _ => Token::Structure,
    });
    let mut found = vec![Found::Gone; old.len()];
    let mut groups: HashMap<u64, (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (index, token) in old_tokens.iter().enumerate() {
        groups.entry(token.loose).or_default().0.push(index);
    }
    for (index, token) in new_tokens.iter().enumerate() {
        groups.entry(token.loose).or_default().1.push(index);
    }
    for (mut olds, mut news) in groups.into_values() {
        if olds.len() != 1 || news.len() != 1 {
            // Those that are alike in all respects come first.
            let mut kinds: HashMap<u64, (Vec<usize>, Vec<usize>)> = HashMap::new();
            olds.iter().for_each(|index| kinds.entry(old_tokens[*index].strict).or_default().0.push(*index));
            news.iter().for_each(|index| kinds.entry(new_tokens[*index].strict).or_default().1.push(*index));
            for (olds_alike, news_alike) in kinds.into_values().filter(|(olds, news)| olds.len() == news.len()) {
                for (old, new) in olds_alike.into_iter().zip(news_alike) {
                    found[old] = Found::Same(new);
                    olds.retain(|index| *index != old);
                    news.retain(|index| *index != new);
                }
            }
        }
        match (olds.as_slice(), news.as_slice()) {
            (_, []) => {}
            ([old], [new]) => found[*old] = Found::Same(*new),
            (olds, news) => olds.iter().for_each(|old| found[*old] = Found::Unclear(news.to_vec())),
        }
    }
    found
}

/// What a node is known by.
#[derive(Clone, Copy, Debug)]
struct Tokens {
    loose: u64,
    /// With its columns.
    strict: u64,
}

/// What decides.
enum Token {
    Name,
    /// What it is, and what it reads.
    Structure,
    /// It is none of the nodes before.
    New,
}

fn tokens(program: &[NodeIdentity], token: impl Fn(&NodeIdentity) -> Token) -> Vec<Tokens> {
    let mut tokens: Vec<Tokens> = Vec::with_capacity(program.len());
    for node in program {
        let inputs = || node.inputs.iter().filter_map(|input| tokens.get(*input as usize).copied());
        let loose = match (token(node), node.role) {
            (Token::New, _) => hash_of(&("new", &node.name)),
            (Token::Name, _) => hash_of(&("name", &node.base)),
            (Token::Structure, NodeRole::Source) => hash_of(&("source", &node.base)),
            (Token::Structure, NodeRole::Sink) => hash_of(&("sink", &node.base)),
            (Token::Structure, NodeRole::Operator | NodeRole::Named) => {
                hash_of(&(&node.kind, &node.parameters, inputs().map(|input| input.loose).collect::<Vec<_>>()))
            }
        };
        let strict = hash_of(&(loose, &node.columns, inputs().map(|input| input.strict).collect::<Vec<_>>()));
        tokens.push(Tokens { loose, strict });
    }
    tokens
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program, a line a node: role, base, kind, columns, and the numbers of its inputs.
    fn program(lines: &str) -> Vec<NodeIdentity> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        let node = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [role, base, kind, columns, inputs @ ..] = words.as_slice() else { panic!("{line}") };
            let count = counts.entry((*base).to_owned()).or_default();
            *count += 1;
            let role = match *role {
                "source" => NodeRole::Source,
                "sink" => NodeRole::Sink,
                "named" => NodeRole::Named,
                _ => NodeRole::Operator,
            };
            NodeIdentity {
                name: if *count == 1 { (*base).to_owned() } else { format!("{base}-{count}") },
                base: (*base).to_owned(),
                role,
                kind: (*kind).to_owned(),
                columns: (*columns).to_owned(),
                inputs: inputs.iter().map(|input| input.parse().expect("a number")).collect(),
                ..NodeIdentity::default()
            }
        };
        lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(node).collect()
    }

    fn check(old: &str, new: &str, empty: &[&str], expected: &[Found]) {
        let empty: Vec<_> = empty.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(match_nodes(&program(old), &program(new), &empty), expected, "{old} to {new}");
    }

    const OLD: &str = "source orders - a
        operator reduce reduce a 0
        sink out - a 1";

    #[test]
    fn numbers_and_columns_play_no_part_where_it_is_clear() {
        use Found::{Gone, Same};
        check(OLD, OLD, &[], &[Same(0), Same(1), Same(2)]);
        let before = "source other - a
            operator reduce reduce a 0
            source orders - b
            operator reduce reduce b 2
            sink out - b 3";
        check(OLD, before, &[], &[Same(2), Same(3), Same(4)]);
        let between = "source orders - a
            operator filter filter a 0
            operator reduce reduce a 1
            sink out - a 2";
        check(OLD, between, &[], &[Same(0), Gone, Same(3)]);
    }

    #[test]
    fn a_name_takes_the_state_of_what_had_none() {
        use Found::{Gone, Same, Unclear};
        let named = "source orders - a
            named totals reduce a 0
            sink out - a 1";
        check(OLD, named, &[], &[Same(0), Same(1), Same(2)]);
        check(OLD, named, &["totals"], &[Same(0), Gone, Same(2)]);
        // What had a name is known by this name only.
        check(named, OLD, &[], &[Same(0), Gone, Same(2)]);
        check(named, &named.replace("totals", "sums"), &[], &[Same(0), Gone, Same(2)]);
        let both = "source orders - a
            named totals reduce a 0
            operator reduce reduce a 0
            sink out - a 1";
        check(OLD, both, &[], &[Same(0), Unclear(vec![1, 2]), Same(3)]);
        check(OLD, both, &["totals"], &[Same(0), Same(2), Same(3)]);
    }

    #[test]
    fn nodes_that_are_alike_are_told_apart_by_columns_then_by_order() {
        use Found::{Same, Unclear};
        let rows = "source rows - a
            source rows - b";
        check(rows, rows, &[], &[Same(0), Same(1)]);
        let swapped = "source rows - b
            source rows - a
            source rows - c";
        check(rows, swapped, &[], &[Same(1), Same(0)]);
        check("source rows - a", "source rows - a\nsource rows - a", &[], &[Unclear(vec![0, 1])]);
        check(rows, "source rows - b", &[], &[Found::Gone, Same(0)]);
        // One of them has changed.
        check(rows, "source rows - c\nsource rows - b", &[], &[Same(0), Same(1)]);
    }
}
