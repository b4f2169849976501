//! Options from environment variables.

use std::ffi::OsString;
use std::path::PathBuf;

use super::options::ClientCertificate;
use super::{Credentials, Options};
use crate::data::{Error, ErrorKind, Result};

/// Reads the environment variables of the `nats` command.
pub(super) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Options> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let path = |name: &str| set(name).map(PathBuf::from);
    let text = |name: &str| match set(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(_)) => Err(unusable(format!("{name} is not UTF-8"))),
    };
    let user = match (text("NATS_USER")?, text("NATS_PASSWORD")?) {
        (None, None) => None,
        (Some(name), Some(password)) => Some(Credentials::User { name, password }),
        // As in the `nats` command.
        (Some(token), None) => Some(Credentials::Token(token)),
        (None, Some(_)) => return Err(unusable("NATS_PASSWORD is set, but not NATS_USER".to_owned())),
    };
    let sources = [
        ("NATS_USER", user),
        ("NATS_TOKEN", text("NATS_TOKEN")?.map(Credentials::Token)),
        ("NATS_NKEY", path("NATS_NKEY").map(Credentials::NkeyFile)),
        ("NATS_CREDS", path("NATS_CREDS").map(Credentials::File)),
    ];
    let mut found: Option<(&str, Credentials)> = None;
    for (name, credentials) in sources {
        match (&found, credentials) {
            (_, None) => {}
            (None, Some(credentials)) => found = Some((name, credentials)),
            (Some((first, _)), Some(_)) => {
                return Err(unusable(format!(
                    "{first} and {name} are both set, but only one set of credentials can be used; unset one of them"
                )));
            }
        }
    }
    let client_certificate = match (path("NATS_CERT"), path("NATS_KEY")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
        (Some(_), None) => return Err(unusable("NATS_CERT is set, but not NATS_KEY".to_owned())),
        (None, Some(_)) => return Err(unusable("NATS_KEY is set, but not NATS_CERT".to_owned())),
    };
    let fallback = found.map(|(_, credentials)| credentials);
    Ok(Options { fallback, ca_file: path("NATS_CA"), client_certificate, ..Options::new() })
}

fn unusable(message: String) -> Error {
    Error::new(ErrorKind::Config, format!("the environment cannot be used: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(set: &[(&str, &str)]) -> Result<Options> {
        read(|name| set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        assert_eq!(read_from(&[]).expect("options"), Options::new());
        assert_eq!(read_from(&[("NATS_USER", ""), ("NATS_CA", "")]).expect("options"), Options::new());
    }

    #[test]
    fn each_variable_sets_its_option() {
        let user = Credentials::User { name: "u".into(), password: "p".into() };
        for (set, expected) in [
            (&[("NATS_USER", "u"), ("NATS_PASSWORD", "p")][..], user),
            (&[("NATS_USER", "t")], Credentials::Token("t".into())),
            (&[("NATS_TOKEN", "t")], Credentials::Token("t".into())),
            (&[("NATS_NKEY", "a.nk")], Credentials::NkeyFile("a.nk".into())),
            (&[("NATS_CREDS", "a.creds")], Credentials::File("a.creds".into())),
        ] {
            let options = read_from(set).expect("options");
            assert_eq!(options, Options { fallback: Some(expected), ..Options::new() });
        }
        let options = read_from(&[("NATS_CERT", "c"), ("NATS_KEY", "k"), ("NATS_CA", "a")]).expect("options");
        assert_eq!(options, Options::new().client_certificate("c", "k").ca_file("a"));
    }

    #[test]
    fn contradictions_are_errors_that_show_no_value() {
        for (set, expected) in [
            (&[("NATS_PASSWORD", "s3cret")][..], "NATS_PASSWORD is set, but not NATS_USER"),
            (&[("NATS_USER", "s3cret"), ("NATS_CREDS", "s3cret")], "NATS_USER and NATS_CREDS are both set"),
            (&[("NATS_TOKEN", "s3cret"), ("NATS_NKEY", "s3cret")], "NATS_TOKEN and NATS_NKEY are both set"),
            (&[("NATS_CERT", "s3cret")], "NATS_CERT is set, but not NATS_KEY"),
            (&[("NATS_KEY", "s3cret")], "NATS_KEY is set, but not NATS_CERT"),
        ] {
            let error = read_from(set).expect_err(expected);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(expected) && !error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_value_that_is_not_utf8_is_an_error() {
        use std::os::unix::ffi::OsStringExt;

        let error = read(|name| (name == "NATS_TOKEN").then(|| OsString::from_vec(vec![0xff]))).expect_err("not UTF-8");
        assert!(error.to_string().contains("NATS_TOKEN is not UTF-8"), "{error}");
    }
}
