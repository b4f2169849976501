//! The names of the ephemeral consumers of one source, in one run of the pipeline.

/// Two names, so that at most two consumers of a source exist on the server: the one that it reads with, and an earlier one
/// that could not be deleted yet.
#[derive(Debug)]
pub(super) struct ConsumerNames {
    own_name: String,
    /// Each name, and whether the server may have a consumer with it.
    names: [(String, bool); 2],
}

impl ConsumerNames {
    /// Names that no other source and no other run has.
    pub(super) fn new(own_name: &str) -> Self {
        ConsumerNames { own_name: own_name.to_owned(), names: names(own_name) }
    }

    /// The names that the server may have a consumer with.
    pub(super) fn used(&self) -> Vec<String> {
        self.names.iter().filter(|(_, is_used)| *is_used).map(|(name, _)| name.clone()).collect()
    }

    /// The server has no consumer with this name any more.
    pub(super) fn release(&mut self, name: &str) {
        self.names.iter_mut().filter(|(used, _)| used == name).for_each(|(_, is_used)| *is_used = false);
    }

    /// A name for another consumer, unless the server may have one with each.
    pub(super) fn take(&mut self) -> Option<String> {
        let (name, is_used) = self.names.iter_mut().find(|(_, is_used)| !is_used)?;
        *is_used = true;
        Some(name.clone())
    }

    /// Two other names, for a source that may not delete its consumers.
    pub(super) fn renew(&mut self) {
        self.names = names(&self.own_name);
    }
}

fn names(own_name: &str) -> [(String, bool); 2] {
    let run = fastrand::u32(..);
    ["a", "b"].map(|suffix| (format!("{own_name}-{run:08x}{suffix}"), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_two_names_are_used() {
        let mut names = ConsumerNames::new("p-s");
        let first = names.take().expect("a name");
        let second = names.take().expect("a name");
        assert!(first.starts_with("p-s-") && first != second && names.take().is_none());
        assert_eq!(names.used(), [first.clone(), second.clone()]);
        names.release(&second);
        assert_eq!((names.used(), names.take()), (vec![first.clone()], Some(second)));
        names.renew();
        assert!(names.used().is_empty() && names.take() != Some(first));
    }
}
