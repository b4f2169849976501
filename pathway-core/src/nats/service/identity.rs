//! Who answers: the name, the id and the metadata of a service.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

/// The longest name, in characters: it is a part of subjects, and those have a limit.
const LONGEST_NAME: usize = 100;
/// As many letters and digits as in the ids of other services.
const ID_LENGTH: usize = 22;

/// What all answers of a service have.
#[derive(Debug, Serialize)]
pub(super) struct Identity {
    pub(super) name: String,
    /// It is another one in each run.
    pub(super) id: String,
    version: &'static str,
    metadata: BTreeMap<&'static str, String>,
}

impl Identity {
    /// Of a pipeline that has this name.
    pub(super) fn of(pipeline: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let mut metadata = BTreeMap::from([
            ("pipeline", pipeline.to_owned()),
            ("pathway_version", version.to_owned()),
            ("pid", std::process::id().to_string()),
        ]);
        metadata.extend(host().map(|host| ("host", host)));
        let name = if pipeline.is_empty() { "pathway".to_owned() } else { token(pipeline) };
        let id = (0..ID_LENGTH).map(|_| fastrand::alphanumeric()).collect();
        Identity { name, id, version, metadata }
    }
}

/// The name of this machine, if it says so.
fn host() -> Option<String> {
    let named = |variable| std::env::var(variable).ok();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.or_else(|| named("HOSTNAME")).or_else(|| named("COMPUTERNAME"))?;
    Some(host.trim().to_owned()).filter(|host| !host.is_empty())
}

/// A name as services and endpoints may have it: letters, digits, `-` and `_`. Other characters become `_`.
fn token(name: &str) -> String {
    let legal = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
    name.chars().take(LONGEST_NAME).map(legal).collect()
}

/// The names of endpoints, of those of sources and sinks: a number tells those that would be the same.
#[derive(Debug, Default)]
pub(super) struct EndpointNames(HashSet<String>);

impl EndpointNames {
    pub(super) fn add(&mut self, name: &str) -> String {
        let name = token(name);
        let numbered = (2..).map(|number: u64| format!("{name}-{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !self.0.contains(name));
        let free = free.unwrap_or(name);
        self.0.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_a_legal_name_and_an_id_of_its_own() {
        for (pipeline, expected) in [
            ("orders-service_2", "orders-service_2"),
            ("Größe der Welt.>*", "Gr__e_der_Welt___"),
            ("", "pathway"),
            ("☂", "_"),
            (&"long".repeat(1000), &"long".repeat(25)),
        ] {
            let (one, other) = (Identity::of(pipeline), Identity::of(pipeline));
            assert_eq!(one.name, expected);
            assert_eq!(one.metadata["pipeline"], pipeline);
            assert_ne!(one.id, other.id);
            assert!(one.id.len() == ID_LENGTH && one.id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{}", one.id);
        }
    }

    #[test]
    fn endpoints_have_different_names() {
        let mut names = EndpointNames::default();
        let names = ["orders.a", "orders.b", "orders_a", "orders_a-2", "orders>a"].map(|name| names.add(name));
        assert_eq!(names, ["orders_a", "orders_b", "orders_a-2", "orders_a-2-2", "orders_a-3"]);
    }
}
