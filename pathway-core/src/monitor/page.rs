//! The live page: one document, whose styles and script are inline.

use bytes::Bytes;

const DOCUMENT: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
/// The parts of the script, in the order in which they use each other.
const SCRIPT: [&str; 8] = [
    include_str!("page/format.js"),
    include_str!("page/dom.js"),
    include_str!("page/history.js"),
    include_str!("page/health.js"),
    include_str!("page/layout.js"),
    include_str!("page/picture.js"),
    include_str!("page/panels.js"),
    include_str!("page/main.js"),
];

/// The page, and its content security policy: it loads nothing but this server's answers, and runs only its own script.
pub(super) fn page() -> (Bytes, String) {
    let nonce = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let document = DOCUMENT.replace("{{nonce}}", &nonce);
    let document = document.replace("/*style*/", STYLE).replace("/*script*/", &SCRIPT.concat());
    (document.into(), policy)
}
