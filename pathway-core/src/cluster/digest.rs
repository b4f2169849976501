//! Tells programs apart.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::OnceLock;

use ring::digest::{Context, SHA256};

/// The SHA-256 of this program's file.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn program_digest() -> io::Result<String> {
    static DIGEST: OnceLock<String> = OnceLock::new();
    if let Some(digest) = DIGEST.get() {
        return Ok(digest.clone());
    }
    let digest = digest_of(program()?)?;
    Ok(DIGEST.get_or_init(|| digest).clone())
}

/// The file that runs, also if another one has taken its place.
fn program() -> io::Result<File> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { File::open(running) } else { File::open(std::env::current_exe()?) }
}

fn digest_of(mut file: impl Read) -> io::Result<String> {
    let (mut context, mut buffer) = (Context::new(&SHA256), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => context.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_sha_256() {
        let digest = digest_of(&b"abc"[..]).expect("a digest");
        assert_eq!(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(program_digest().expect("a digest"), program_digest().expect("a digest"));
    }
}
