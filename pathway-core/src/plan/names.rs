//! The names of a plan's nodes: no two are the same, and each is the same whenever the program runs.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::Plan;
use crate::data::{Error, ErrorKind};

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A source.
    Source,
    /// A sink.
    Sink,
    /// An operator.
    Operator,
}

/// The names of a plan.
#[derive(Default)]
pub(super) struct Names {
    /// How often each name was wanted, so that default names get numbers.
    counts: HashMap<String, usize>,
    taken: HashMap<Arc<str>, Holder>,
}

/// What has a name.
struct Holder {
    kind: NodeKind,
    /// What the name was made of.
    base: String,
    /// Where it reads or writes, if the user has given it the name.
    given: Option<String>,
}

impl Names {
    /// What a name was made of: a number was added if it was taken.
    pub(super) fn base_of(&self, name: &str) -> String {
        self.taken.get(name).map_or(name, |holder| &holder.base).to_owned()
    }

    /// A name that is made by default: the second `reduce` becomes `reduce-2`.
    fn default_name(&mut self, kind: NodeKind, base: &str) -> Arc<str> {
        let count = self.counts.entry(base.to_owned()).or_default();
        let name = loop {
            *count += 1;
            let name = if *count == 1 { base.to_owned() } else { format!("{base}-{count}") };
            // The user may have given this very name to another node.
            if !self.taken.contains_key(&*name) {
                break Arc::<str>::from(name);
            }
        };
        self.taken.insert(Arc::clone(&name), Holder { kind, base: base.to_owned(), given: None });
        name
    }

    /// A name that the user gives. A node that has it already is a mistake; the name is then another one.
    fn given_name(&mut self, kind: NodeKind, wanted: &str, place: &str) -> Result<Arc<str>, (Arc<str>, String)> {
        let of = |kind: NodeKind, place: &str, end: &str| match place {
            "" => format!("{kind} `{wanted}`"),
            place => format!("{kind} `{wanted}`, {place}{end}"),
        };
        let mistake = match self.taken.get(wanted) {
            None if wanted.is_empty() => "its name is empty: give it one, or none".to_owned(),
            None => {
                *self.counts.entry(wanted.to_owned()).or_default() += 1;
                let (name, base, given) = (Arc::<str>::from(wanted), wanted.to_owned(), Some(place.to_owned()));
                self.taken.insert(Arc::clone(&name), Holder { kind, base, given });
                return Ok(name);
            }
            Some(other) => format!(
                "the {} has the same name, and the names of sources, sinks and operators must be different: give one of the two \
                 another name ({})",
                of(other.kind, other.given.as_deref().unwrap_or("which has it by default"), ","),
                ways(kind, other.kind)
            ),
        };
        Err((self.default_name(kind, wanted), format!("{}: {mistake}", of(kind, place, ""))))
    }
}

/// How nodes of these kinds are named.
fn ways(kind: NodeKind, other: NodeKind) -> &'static str {
    match (kind == NodeKind::Operator, other == NodeKind::Operator) {
        (false, false) => "`name`",
        (true, true) => "`named`",
        _ => "`name` of a source or a sink, `named` of an operator",
    }
}

impl Plan {
    /// A name that is made by default, as by a verb or a subject. It gets a number if another node has it.
    pub fn default_name(&self, kind: NodeKind, base: &str) -> Arc<str> {
        self.with_names(|names| names.default_name(kind, base))
    }

    /// The name that the user gives to a node, which must be another one than those of all nodes before: otherwise, the pipeline
    /// does not start. `place` says where the node reads or writes, for the error: ``which reads `orders` ``.
    pub fn given_name(&self, kind: NodeKind, wanted: &str, place: &str) -> Arc<str> {
        self.with_names(|names| names.given_name(kind, wanted, place)).unwrap_or_else(|(name, mistake)| {
            self.control().fail(Error::new(ErrorKind::Config, mistake));
            name
        })
    }

    /// The name that the user gives to a node, or the one that it has by default.
    pub fn node_name(&self, kind: NodeKind, given: Option<&str>, default: &str, place: &str) -> Arc<str> {
        match given {
            Some(given) => self.given_name(kind, given, place),
            None => self.default_name(kind, default),
        }
    }

    /// An operator has another name than this one.
    pub(super) fn release_name(&self, name: &str) {
        // Others that are named like it by default have their numbers all the same.
        self.with_names(|names| names.taken.remove(name));
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NodeKind::Source => "source",
            NodeKind::Sink => "sink",
            NodeKind::Operator => "operator",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::NodeKind::{Operator, Sink, Source};
    use super::*;

    #[test]
    fn default_names_get_numbers_and_given_names_stay() {
        let mut names = Names::default();
        assert_eq!(
            [1, 2].map(|_| names.default_name(Operator, "reduce")).map(|it| it.to_string()),
            ["reduce", "reduce-2"]
        );
        assert_eq!(names.given_name(Sink, "totals", "").as_deref(), Ok("totals"));
        assert_eq!(&*names.default_name(Source, "totals"), "totals-2");
        // A default name leaves out what was given.
        assert_eq!(names.given_name(Sink, "totals-3", "").as_deref(), Ok("totals-3"));
        assert_eq!(&*names.default_name(Source, "totals"), "totals-4");
        assert_eq!((names.base_of("totals-4"), names.base_of("totals-3")), ("totals".into(), "totals-3".into()));
    }

    #[test]
    fn a_name_that_another_node_has_is_a_mistake() {
        let mut names = Names::default();
        names.default_name(Source, "orders");
        names.given_name(Sink, "totals", "which writes to `a`").expect("a new name");
        let mut mistake = |kind, wanted, place: &str| names.given_name(kind, wanted, place).expect_err("a mistake").1;
        let error = mistake(Sink, "totals", "which writes to `b`");
        let words = "sink `totals`, which writes to `b`: the sink `totals`, which writes to `a`, has the same name, and the names";
        assert!(error.starts_with(words) && error.ends_with("give one of the two another name (`name`)"), "{error}");
        let error = mistake(Operator, "orders", "");
        let words = "operator `orders`: the source `orders`, which has it by default, has the same name, and";
        assert!(error.starts_with(words) && error.ends_with("`named` of an operator)"), "{error}");
        assert!(mistake(Source, "", "").contains("its name is empty"));
    }
}
